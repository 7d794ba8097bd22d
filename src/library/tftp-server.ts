import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { packageVersion } from '../app/package-version.ts';
import type { ConfigInput } from '../config/schema.ts';
import { parseIpv4 } from '../lib/ipv4.ts';
import { ServerNotRunning } from '../lib/tftp-error.ts';
import type { Network } from '../net/datagram.ts';
import type { FileStore } from '../store/file-store-face.ts';
import { createFileStore } from './file-store.ts';
import { createInstance, type OnEvent, type ServerState } from './instance.ts';
import { hostOf } from './place.ts';
import { setupOfObject } from './setup-of-object.ts';
import { type TransferCallbacks, tellTransfer } from './transfers.ts';

export type TftpServerOptions = TransferCallbacks & {
  /** The folder to serve; made when missing. /var/lib/tftpboot when left out. */
  readonly root?: string;
  /** The only IPv4 address to serve on; all of this machine, and IPv6, when left out. */
  readonly host?: string;
  /** 69 when left out; 0 lets the system choose one, which {@link TftpServer.port} tells. */
  readonly port?: number;
  /** The only interfaces to serve on. */
  readonly interfaces?: readonly string[];
  /** What {@link TftpServer.files} made is removed by close(); true unless said otherwise. */
  readonly removeCreatedOnClose?: boolean;
  /** The other keys of `tftp` in the configuration file: `writes`, `single-port`, `blksize-max`… */
  readonly tftp?: Omit<NonNullable<ConfigInput['tftp']>, 'enabled' | 'root' | 'port'>;
  readonly onEvent?: OnEvent;
  /** `dgram` for plain Node sockets, which ask nothing of Linux; the best there are when left out. */
  readonly backend?: Network['name'];
};

/** A TFTP server in this process, and the files that it serves. */
export type TftpServer = AsyncDisposable & {
  readonly root: string;
  readonly state: ServerState;
  /** What is served; also while it does not run. */
  readonly files: FileStore;
  /** Resolves when requests are answered; does nothing while it runs. Rejects with TftpError `cannot-start`, a port in use for one. */
  start(): Promise<void>;
  /** Lets transfers end first; does nothing when it does not run. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** The address that clients reach it by. Throws ServerNotRunning. */
  host(): string;
  /** The port that is open. Throws ServerNotRunning. */
  port(): number;
  /** `tftp://10.0.0.1/loader.efi`, for clients. Throws ServerNotRunning. */
  url(file: string): string;
  /** Stops it, and removes what was created (see {@link TftpServerOptions.removeCreatedOnClose}). */
  close(): Promise<void>;
};

/**
 * The TFTP server of pxed alone, as `ptftpd` starts it, without leaving the process or changing its user. Throws ConfigProblem for
 * options that cannot be served.
 *
 *     await using server = createTftpServer({ root: '/tmp/boot', host: '127.0.0.1', port: 0 });
 *     await server.files.put('hello.txt', new TextEncoder().encode('hello'));
 *     await server.start();
 *     console.log(server.url('hello.txt')); // tftp://127.0.0.1:40123/hello.txt
 */
export function createTftpServer(options: TftpServerOptions = {}): TftpServer {
  const { host, interfaces, onEvent, backend, removeCreatedOnClose = true } = options;
  const root = resolve(options.root ?? '/var/lib/tftpboot');
  const address = host === undefined ? undefined : parseIpv4(host);
  if (host !== undefined && address === undefined) {
    throw new TypeError(`Cannot serve on ${host}: expected an IPv4 address like 192.168.77.1`);
  }
  const setup = setupOfObject({
    version: 1,
    mode: 'off',
    bootp: { enabled: false },
    http: { enabled: false },
    capture: 'off',
    ...(interfaces && { interfaces: [...interfaces] }),
    tftp: { ...options.tftp, root, port: options.port ?? 69 },
  });
  mkdirSync(root, { recursive: true });
  const files = createFileStore({ root });
  const instance = createInstance(() => setup, {
    version: packageVersion(),
    guest: { ...(backend && { backend }), ...(address !== undefined && { address }) },
    onEvent(event, at) {
      tellTransfer(event, options);
      onEvent?.(event, at);
    },
  });
  async function close(): Promise<void> {
    await instance.stop();
    await files.close({ removeCreated: removeCreatedOnClose });
  }
  const port = (): number => {
    const { tftp } = instance.running().ports;
    if (tftp === undefined) throw new ServerNotRunning();
    return tftp;
  };
  const server: TftpServer = {
    root,
    files,
    get state() {
      return instance.state;
    },
    start: instance.start,
    stop: instance.stop,
    async restart() {
      await instance.stop();
      await instance.start();
    },
    host: () => (host !== undefined && instance.running() ? host : hostOf(instance.running())),
    port,
    url(file) {
      const at = port() === 69 ? server.host() : `${server.host()}:${port()}`;
      return `tftp://${at}/${file.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/')}`;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return server;
}
