import { expect, test } from 'vitest';
import type { ControlClient } from '../../src/app/control-client.ts';
import { reportEvents } from '../../src/app/events-report.ts';
import { reportChange, statusText } from '../../src/app/status-report.ts';
import type { Change, Status } from '../../src/app/status-shape.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

const STATUS: Status = {
  ...{ version: '1.2.3', tool: 'pxed', pid: 812, mode: 'auto', ready: false },
  startedAt: '2026-11-20T08:48:00.000Z',
  uptimeSeconds: 11_520,
  services: [
    { name: 'dhcp', state: 'running', since: '2026-11-20T08:48:00.000Z', restarts: 0 },
    {
      name: 'tftp',
      state: 'backing-off',
      since: '2026-11-20T11:59:55.000Z',
      restarts: 3,
      lastError: 'no\nroot',
    },
  ],
  interfaces: [
    {
      name: 'eth0',
      mac: '52:54:00:00:00:01',
      addresses: ['10.0.0.1/24'],
      mtu: 1500,
      carrier: true,
      role: 'proxy',
    },
  ],
  root: '/tftp',
  profiles: ['debian', 'rescue'],
  leases: { bound: 12, declined: 1 },
  transfers: 3,
  counters: { 'tftp.done': 40, 'http.done': 2, 'tftp.failed': 1, 'service.warning': 5 },
  bytes: { tftpSent: 1_234_567, tftpReceived: 0, httpSent: 98_000_000_000 },
  control: { socket: '/run/pxed/pxed.sock', listening: [] },
};

test('statusText() tells people what matters', () => {
  expect(statusText(STATUS, NOW)).toBe(`pxed 1.2.3, mode auto, pid 812, up for 3h 12m; NOT READY

SERVICE  STATE        FOR     RESTARTS  REMARKS
dhcp     running      3h 12m         0  -
tftp     backing-off  5s             3  last failure: no?root

INTERFACE  ADDRESSES    MAC                 MTU  CARRIER  ROLE
eth0       10.0.0.1/24  52:54:00:00:00:01  1500  yes      proxy

root        /tftp
profiles    debian, rescue
leases      12 bound, 1 set aside
transfers   3 under way, 42 done, 1 failed
sent        1.2 MB by TFTP, 98 GB by HTTP
warnings    5
`);
});

function io() {
  const said = { out: '', err: '' };
  const into = (name: 'out' | 'err') => ({
    write(text: string) {
      said[name] += text;
    },
  });
  return { said, io: { out: into('out'), err: into('err') } };
}

/** Answers everything with this. */
function clientOf(answer: unknown): ControlClient {
  return { send: async () => answer, get: async () => answer } as unknown as ControlClient;
}

test.each([
  { verb: 'start', state: 'running', code: 0 },
  { verb: 'start', state: 'backing-off', code: 1 },
  { verb: 'stop', state: 'halted', code: 0 },
  { verb: 'stop', state: 'stopping', code: 1 },
] as const)('reportChange() of $verb that comes to $state ends with $code', async ({ verb, state, code }) => {
  const service = { name: 'http', state, since: STATUS.startedAt, restarts: 0 };
  const change: Change = { changed: true, text: 'so it is', service };
  const { said, io: into } = io();
  expect(await reportChange(clientOf(change), { service: 'http', verb }, into)).toBe(code);
  expect(code === 0 ? said.out : said.err).toContain('so it is\n');
});

test('reportEvents() writes a line an event, with what follows set in', async () => {
  const event = { at: '2026-11-20T12:00:00.120Z', level: 'warn', text: 'first\nsecond \u001b[2J', type: 'x' };
  const signal = new AbortController().signal;
  const text = io();
  expect(await reportEvents(clientOf([event]), { signal }, text.io)).toBe(0);
  expect(text.said.out).toMatch(/^\d\d:\d\d:00\.120 WARN {2}first\n {19}second \?\[2J\n$/);
  const json = io();
  await reportEvents(clientOf([event]), { signal, json: true }, json.io);
  expect(JSON.parse(json.said.out)).toEqual(event);
});

test('reportEvents() says when pxed ends while it is followed', async () => {
  const client = {
    async *stream() {
      yield { event: 'lost', data: { events: 7 } };
    },
  } as unknown as ControlClient;
  const { said, io: into } = io();
  const signal = new AbortController().signal;
  expect(await reportEvents(client, { follow: true, signal }, into)).toBe(1);
  expect(said.err).toBe('pxectl: 7 events came too fast\npxectl: pxed has ended\n');
});
