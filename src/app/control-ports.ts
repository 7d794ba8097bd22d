import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Config } from '../config/schema.ts';
import type { TcpPlace } from '../config/values.ts';
import type { BootEvent } from '../events/event.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import type { Network } from '../net/datagram.ts';
import { tcpPortOwner } from '../net/port-owner.ts';
import type { ConsoleFiles } from '../server/control/console.ts';
import { type ControlHandler, createControlServer } from '../server/control/server.ts';
import { openConsoleFiles } from './console-files.ts';
import { USUAL_SOCKET } from './control-client.ts';
import { listenAt } from './control-socket.ts';
import { type RunAs, resolveRunAs } from './run-as.ts';
import type { Tool } from './setup.ts';
import { StartProblem } from './start-problem.ts';

/** What pxectl and browsers come to, open; nobody is answered before {@link ControlPorts.serve}. */
export type ControlPorts = {
  /** The Unix socket's path. */
  readonly socket?: string;
  /** Addresses and ports of TCP, in words. */
  readonly listening: readonly string[];
  /** What whoever comes by TCP must know. */
  readonly token?: string;
  readonly warning?: BootEvent;
  /** For browsers. */
  readonly console: ConsoleFiles;
  /** `load` is called at each request until it succeeds; `local` tells whether it came by the Unix socket. */
  serve(load: () => Promise<ControlHandler>): void;
  isLocal(socket: unknown): boolean;
  close(): Promise<void>;
};

export type ControlPlace = {
  readonly tool: Tool;
  readonly config: Pick<Config, 'control' | 'user' | 'group'>;
  readonly runAs?: RunAs | undefined;
};

/** Opens them while root is still there. Throws {@link StartProblem} where what was asked for cannot be had. */
export async function openControlPorts(
  network: Pick<Network, 'tcp'>,
  { tool, config: { control }, runAs }: ControlPlace,
): Promise<ControlPorts | undefined> {
  const path = control.socket ?? (tool === 'pxed' && process.getuid?.() === 0 ? USUAL_SOCKET : false);
  if (path === false && control.listen.length === 0) return undefined;
  const loader = Promise.withResolvers<() => Promise<ControlHandler>>();
  const load = async () => (await loader.promise)();
  const locals = new WeakSet<object>();
  const servers: Server[] = [];
  const bound: { release(): void }[] = [];
  const close = async () => {
    await Promise.all(servers.map(closeServer));
    for (const port of bound) port.release();
  };
  try {
    const token = control.listen.length > 0 ? readToken(control['token-file']) : undefined;
    let warning: BootEvent | undefined;
    let socket: string | undefined;
    if (path !== false) {
      const server = createControlServer(load, { local: true });
      server.on('connection', (connection) => void locals.add(connection));
      try {
        await listenAt(path, server, { runAs, gid: gidOf(control.group) });
        servers.push(server);
        socket = path;
      } catch (error) {
        if (control.socket !== undefined || !(error instanceof StartProblem)) throw error;
        warning = without(error);
      }
    }
    for (const place of control.listen) {
      const server = createControlServer(load);
      bound.push(await listenTcp(network, place, server));
      servers.push(server);
    }
    return {
      ...(socket !== undefined && { socket }),
      listening: control.listen.map(formatPlace),
      ...(token !== undefined && { token }),
      ...(warning && { warning }),
      console: openConsoleFiles(),
      serve: (how) => loader.resolve(how),
      isLocal: (connection) =>
        typeof connection === 'object' && connection !== null && locals.has(connection),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function without({ message }: StartProblem): BootEvent {
  const detail = `${message}; pxectl cannot reach this pxed. Name a socket with --control, or say --control off`;
  return { type: 'service.warning', service: 'control', problem: 'socket-unavailable', detail };
}

function gidOf(group: string | undefined): number | undefined {
  if (group === undefined) return undefined;
  try {
    return resolveRunAs({ user: '0', group }).gid;
  } catch (cause) {
    const why = `Cannot let group ${group} use the control socket: there is none`;
    throw new StartProblem(why, 'Name another in control.group, or add it', { cause });
  }
}

async function listenTcp(
  { tcp }: Pick<Network, 'tcp'>,
  place: TcpPlace,
  server: Server,
): Promise<{ release(): void }> {
  const opened = await tcp.bind(place);
  if (!opened.ok) {
    const { errno } = opened.error;
    const owner = errno === 'EADDRINUSE' ? tcpPortOwner(place.port) : undefined;
    const why =
      errno === 'EADDRINUSE' ? `in use${owner ? ` by ${owner}` : ''}` : (TCP_REASONS[errno] ?? errno);
    throw new StartProblem(
      `Cannot open TCP port ${formatPlace(place)}: ${why}`,
      'Choose another: control.listen',
    );
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(tcp.listenOptions(opened.value), () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { release: () => tcp.release(opened.value) };
}

const TCP_REASONS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted',
  EPERM: 'not permitted',
};

function formatPlace({ address, port }: TcpPlace): string {
  return address === undefined ? `*:${port}` : `${formatIpv4(address)}:${port}`;
}

/** Long enough not to be guessed. */
const TOKEN_LEAST = 16;

/** Throws StartProblem for a file that others may read, and for a token that could be guessed. */
export function readToken(file: string | undefined): string {
  if (file === undefined)
    throw new StartProblem('Cannot listen by TCP without a token', 'Name a control.token-file');
  let text: string;
  let mode: number;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new StartProblem(
      `Cannot read the token ${file}: ${code}`,
      `Make one: (umask 077; head -c 24 /dev/urandom | base64 > ${file})`,
      { cause },
    );
  }
  if ((mode & 0o007) !== 0) {
    throw new StartProblem(`Cannot use the token ${file}: everybody can read it`, `chmod o= ${file}`);
  }
  if (text.length < TOKEN_LEAST || !/^[\x21-\x7e]+$/.test(text)) {
    const what = `it must be one word of ${TOKEN_LEAST} printable characters at least`;
    throw new StartProblem(
      `Cannot use the token in ${file}: ${what}`,
      `Make one: (umask 077; head -c 24 /dev/urandom | base64 > ${file})`,
    );
  }
  return text;
}

/** The file of a Unix socket goes with it. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
