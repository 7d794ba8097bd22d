import { expect, test } from 'vitest';
import { openHttpPorts, wantsHttp, withOwnUrl } from '../../src/app/http-ports.ts';
import type { Setup } from '../../src/app/setup.ts';
import { StartProblem } from '../../src/app/start-problem.ts';
import { defaultConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { InterfaceFacts } from '../../src/net/datagram.ts';
import type { BoundTcp, TcpSpec } from '../../src/net/tcp.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: filled in for each client
const HOST = '${next-server}';

function configOf(http: Partial<Config['http']>, tftp: Partial<Config['tftp']> = {}): Config {
  const config = defaultConfig();
  return { ...config, http: { ...config.http, ...http }, tftp: { ...config.tftp, ...tftp } };
}

const LINKS: InterfaceFacts[] = ['eth0', 'eth1'].map((name, index) => ({
  ...{ name, index, mac: '52:54:00:00:00:01', mtu: 1500, up: true, running: true, loopback: false },
  addresses: [{ address: 0x0a00_0001 + index, prefixLength: 24 }],
}));

const AT = { links: LINKS, staysRoot: false };

/** Ports that can be opened on all interfaces but those in `taken`. */
function network({ taken = [] as string[], errno = 'EADDRINUSE', bindsToInterface = true } = {}) {
  const open: TcpSpec[] = [];
  return {
    open,
    bindsToInterface,
    tcp: {
      async bind(spec: TcpSpec) {
        if (spec.interface !== undefined && taken.includes(spec.interface))
          return { ok: false as const, error: { operation: 'bind', errno } };
        open.push(spec);
        return { ok: true as const, value: { ...spec, fd: 7 } };
      },
      listenOptions: ({ port }: BoundTcp) => ({ port }),
      release: ({ interface: name }: BoundTcp) =>
        void open.splice(
          open.findIndex((each) => each.interface === name),
          1,
        ),
    },
  };
}

function ok(value: BoundTcp) {
  return { ok: true as const, value };
}

test.each<[Partial<Config['http']>, Partial<Config['tftp']>, boolean]>([
  [{}, {}, true],
  [{}, { enabled: false }, false],
  [{ enabled: true }, { enabled: false }, true],
  [{ enabled: false }, {}, false],
])('wantsHttp() http %j, tftp %j: %s', (http, tftp, want) => {
  expect(wantsHttp(configOf(http, tftp))).toBe(want);
});

test('openHttpPorts() opens one of each interface', async () => {
  const { ports } = await openHttpPorts(network(), configOf({ port: 8080 }), AT);
  expect(ports).toMatchObject([
    { interface: 'eth0', port: 8080 },
    { interface: 'eth1', port: 8080 },
  ]);
});

test('openHttpPorts() opens one address where sockets cannot be bound to interfaces, or all of them', async () => {
  const plain = network({ bindsToInterface: false });
  expect((await openHttpPorts(plain, configOf({}), { ...AT, links: LINKS.slice(0, 1) })).ports).toMatchObject(
    [{ address: 0x0a00_0001, port: 80 }],
  );
  expect((await openHttpPorts(plain, configOf({}), { ...AT, links: [] })).ports).toEqual([
    { port: 80, fd: 7 },
  ]);
});

test('openHttpPorts() auto goes without a port that is taken, and says so', async () => {
  const half = network({ taken: ['eth1'] });
  const { ports, warning } = await openHttpPorts(half, configOf({}), AT);
  expect(ports).toEqual([]);
  expect(half.open).toEqual([]);
  expect(warning).toMatchObject({ type: 'service.warning', service: 'http', problem: 'port-unavailable' });
  expect(warning).toHaveProperty('detail', expect.stringMatching(/^Cannot open TCP port 80 of eth1: in use/));
});

test.each([
  ['EADDRINUSE', /in use/],
  ['EACCES', /not permitted.*CAP_NET_BIND_SERVICE/],
  ['ENODEV', /ENODEV/],
])('openHttpPorts() does not start without what was asked for: %s', async (errno, words) => {
  const none = network({ taken: ['eth0'], errno });
  const opening = openHttpPorts(none, configOf({ enabled: true }), AT);
  await expect(opening).rejects.toThrow(StartProblem);
  await expect(opening).rejects.toThrow(words);
});

test('openHttpPorts() does not count on a low port that would have to be opened again without root', async () => {
  const anew = {
    ...network(),
    tcp: { ...network().tcp, bind: async (spec: TcpSpec) => ok({ ...spec, fd: -1 }) },
  };
  expect((await openHttpPorts(anew, configOf({}), AT)).warning).toMatchObject({
    problem: 'port-unavailable',
  });
  expect((await openHttpPorts(anew, configOf({ port: 8080 }), AT)).ports).toHaveLength(2);
  expect((await openHttpPorts(anew, configOf({}), { ...AT, staysRoot: true })).ports).toHaveLength(2);
});

test('openHttpPorts() opens none when HTTP is off', async () => {
  expect(await openHttpPorts(network(), configOf({ enabled: false }), AT)).toEqual({ ports: [] });
});

test.each([
  [80, `http://${HOST}/`],
  [8080, `http://${HOST}:8080/`],
])('withOwnUrl() of port %d is %s', (port, url) => {
  const setup: Setup = { tool: 'pxed', config: configOf({}), overrides: {} };
  expect(withOwnUrl(setup, [{ port }]).config.boot.http).toBe(url);
});

test('withOwnUrl() leaves what was configured, and clients that get their files elsewhere', () => {
  const setup: Setup = { tool: 'pxed', config: configOf({}), overrides: {} };
  const named = {
    ...setup,
    config: { ...setup.config, boot: { ...setup.config.boot, http: 'http://web/' } },
  };
  const elsewhere = { ...setup, overrides: { nextServer: 0x0a00_0002 } };
  expect(withOwnUrl(named, [{ port: 80 }])).toBe(named);
  expect(withOwnUrl(elsewhere, [{ port: 80 }])).toBe(elsewhere);
  expect(withOwnUrl(setup, [])).toBe(setup);
});
