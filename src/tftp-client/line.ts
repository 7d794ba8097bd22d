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
  /** Loads what that takes. */
  prepare(): Promise<void>;
  improve(): Promise<void>;
  close(): void;
};

export type LineOptions = PeerSocketSpec & { readonly plain: boolean };

/** So many transfers of a process that does nothing else, and the better calls are worth loading for small files, too. */
const FEW = 2;

let lines = 0;

/** Opens one. Rejects with TftpError, reason `local-socket`. */
export async function openLine({ plain, ...spec }: LineOptions): Promise<Line> {
  const better = !plain && process.platform === 'linux';
  const early = better && spec.alone ? await openEarly(spec) : undefined;
  let socket = early ?? (await openPlain(spec));
  let improvable = better && early === undefined;
  return {
    address: spec.address,
    socket: () => socket,
    canImprove: () => improvable,
    async prepare() {
      (await betterSockets())?.peerSocketsWork();
    },
    async improve() {
      improvable = false;
      const linux = await betterSockets();
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

function betterSockets() {
  return import('../net/linux/peer-socket.ts').catch(() => undefined);
}

/** undefined: not yet, or not here. */
async function openEarly(spec: PeerSocketSpec): Promise<PeerSocket | undefined> {
  if (lines++ < FEW) return undefined;
  const opened = (await betterSockets())?.openLinuxPeerSocket(spec);
  return opened?.ok ? opened.value : undefined;
}

async function openPlain(spec: PeerSocketSpec): Promise<PeerSocket> {
  try {
    return await openPeerSocket(spec);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new TftpError(`Cannot open a socket: ${code ?? message}`, { reason: 'local-socket', cause });
  }
}
