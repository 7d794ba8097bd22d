import { TftpError } from '../lib/tftp-error.ts';
import { openPeerSocket, type PeerSocket, type PeerSocketSpec } from '../net/peer-socket.ts';

/**
 * The way to a server. It begins with a socket of Node's own, which is there at once; {@link Line.improve} changes to the system's
 * better calls, which take some milliseconds to load, when nothing is under way. The port stays.
 */
export type Line = {
  readonly address: string;
  socket(): PeerSocket;
  /** Can it still become better? */
  canImprove(): boolean;
  improve(): Promise<void>;
  close(): void;
};

export type LineOptions = PeerSocketSpec & { readonly plain: boolean };

/** Opens one. Rejects with TftpError, reason `local-socket`. */
export async function openLine({ plain, ...spec }: LineOptions): Promise<Line> {
  let socket = await openPlain(spec);
  let improvable = !plain && process.platform === 'linux';
  return {
    address: spec.address,
    socket: () => socket,
    canImprove: () => improvable,
    async improve() {
      improvable = false;
      const linux = await import('../net/linux/peer-socket.ts').catch(() => undefined);
      if (linux === undefined) return;
      const { localPort } = socket;
      // What has arrived meanwhile is a repeat of what we have: nothing else was asked for.
      await socket.close();
      const opened = linux.openLinuxPeerSocket({ ...spec, localPort });
      socket = opened?.ok ? opened.value : await openPlain({ ...spec, localPort });
    },
    close: () => void socket.close(),
  };
}

async function openPlain(spec: PeerSocketSpec): Promise<PeerSocket> {
  try {
    return await openPeerSocket(spec);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new TftpError(`Cannot open a socket: ${code ?? message}`, { reason: 'local-socket', cause });
  }
}
