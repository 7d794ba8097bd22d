import { describe, expect, test } from 'vitest';
import { createDownloads } from '../../src/app/downloads.ts';
import { sharingWarnings } from '../../src/app/shared-port.ts';
import { openSockets, releaseSockets, type SocketsWanted } from '../../src/app/sockets.ts';
import { StartProblem } from '../../src/app/start-problem.ts';
import type { BootEvent } from '../../src/events/event.ts';
import type { Network, SocketSpec } from '../../src/net/datagram.ts';

const PROXY: SocketsWanted = { interfaces: ['eth0'], dhcp: true, pxe: true, sharing: true, ears: false };

/** Sockets of a machine on which these ports are another program's. */
function machine(taken: readonly number[], { raw = true } = {}) {
  const open = new Set<number>();
  let next = 3;
  const opened = (): number => {
    open.add(next);
    return next++;
  };
  const network = {
    canSendRaw: raw,
    bind: async ({ port }: SocketSpec) =>
      taken.includes(port)
        ? { ok: false, error: { operation: 'bind', errno: 'EADDRINUSE' } }
        : { ok: true, value: { backend: 'linux', fd: opened(), address: 0, port } },
    bindFrames: (name: string, etherType: number, udpTo?: number) => ({
      ok: true,
      value: { fd: opened(), interface: name, ifindex: 2, etherType, udpTo },
    }),
    release: ({ fd }: { fd: number }) => open.delete(fd),
    releaseFrames: ({ fd }: { fd: number }) => open.delete(fd),
  } as unknown as Network;
  return { network, open };
}

const owner = () => 'dnsmasq, pid 812';

function detail(events: readonly BootEvent[]): string {
  return events.map((event) => ('detail' in event ? event.detail : '')).join('\n');
}

describe('openSockets()', () => {
  test('overhears port 67 where it is another program’s, and says whose', async () => {
    const { network, open } = machine([67]);
    const sockets = await openSockets(network, PROXY, owner);
    expect(sockets.links).toMatchObject([
      {
        interface: 'eth0',
        taken: { owner: 'dnsmasq, pid 812' },
        overheard: { etherType: 0x800, udpTo: 67 },
        pxe: { port: 4011 },
      },
    ]);
    expect(sockets.links[0]).not.toHaveProperty('dhcp');
    expect(detail(sharingWarnings(sockets))).toBe(
      'UDP port 67 of eth0 is in use by dnsmasq, pid 812, so that one gives the addresses, and pxed, as proxyDHCP, ' +
        'answers boot requests that it overhears',
    );
    releaseSockets(network, sockets);
    expect(open.size).toBe(0);
  });

  test('answers on port 4011 alone where it can overhear nothing, and says what the other server must send', async () => {
    const { network } = machine([67], { raw: false });
    const sockets = await openSockets(network, PROXY, () => undefined);
    expect(sockets.links).toMatchObject([{ interface: 'eth0', taken: {}, pxe: { port: 4011 } }]);
    expect(sockets.links[0]).not.toHaveProperty('overheard');
    expect(detail(sharingWarnings(sockets))).toMatch(
      /^UDP port 67 of eth0 is in use, and pxed cannot overhear .* option 60 .* PXEClient/,
    );
  });

  test('takes port 67 where it is free', async () => {
    const sockets = await openSockets(machine([]).network, PROXY, owner);
    expect(sockets.links).toMatchObject([{ dhcp: { port: 67 } }]);
    expect(sockets.links[0]).not.toHaveProperty('overheard');
    expect(sharingWarnings(sockets)).toEqual([]);
  });

  test.each([
    { name: 'port 67 for a full server', taken: [67], wanted: { ...PROXY, sharing: false }, port: 67 },
    { name: 'port 4011 for a proxy', taken: [67, 4011], wanted: PROXY, port: 4011 },
  ])('refuses to start without $name, and leaves nothing open', async ({ taken, wanted, port }) => {
    const { network, open } = machine(taken);
    const failure = openSockets(network, wanted, owner);
    await expect(failure).rejects.toBeInstanceOf(StartProblem);
    await expect(failure).rejects.toThrow(`UDP port ${port} of eth0: in use by dnsmasq, pid 812`);
    expect(open.size).toBe(0);
  });
});

test('createDownloads() tells which addresses ask for files, and passes everything on', () => {
  const passed: BootEvent[] = [];
  const asked: number[] = [];
  const downloads = createDownloads((event) => passed.push(event));
  const about = { file: 'x', write: false, blksize: 512, windowsize: 1, port: 2000 };
  const started: BootEvent = { type: 'tftp.started', peer: '10.0.0.9', ...about };
  downloads.emit(started);
  downloads.tell((ip) => asked.push(ip));
  downloads.emit(started);
  downloads.emit({ type: 'tftp.probed', peer: '10.0.0.10', port: 1, file: 'x' });
  downloads.emit({ ...started, peer: '2001:db8::1' });
  downloads.emit({ type: 'service.ready', service: 'tftp' });
  expect(asked).toEqual([0x0a00_0009, 0x0a00_000a]);
  expect(passed).toHaveLength(5);
});
