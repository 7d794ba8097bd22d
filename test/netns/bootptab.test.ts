import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DhcpPacket, decode, hardwareAddress } from '../../src/dhcp-packet/index.ts';
import { fromHex, toHex } from '../../src/lib/bytes.ts';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { waitForPorts } from '../rig/server.ts';
import { useSite } from '../rig/site.ts';
import { command, namespaces, ring } from './harness.ts';

/**
 * The same bootptab, read by pxed and by CMU's bootpd, and the same clients asking both. Where the two differ on purpose,
 * test/dhcp/bootptab.test.ts says what pxed does: what is left out when room is short, no NUL behind text, tags beside `ef`.
 */

const NEEDS = [
  namespaces,
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
  command('bootpd', 'bootp'),
  command('bootptest', 'bootp'),
];

const PXED = '192.168.77.1';
const CMU = '192.168.77.2';

const TEMPLATES = [
  '# templates, nested',
  '.default:\\',
  '\t:hd=/boot:bf=null:sm=255.255.255.0:\\',
  '\t:ds=192.168.77.53, 192.168.77.54:dn=lab.example:\\',
  '\t:ns=192.168.77.61:ts=192.168.77.62 192.168.77.63:to=-18000:',
  '.routed:gw=192.168.77.254:tc=.default:',
];

/** Entries without their addresses; `asks`: bootptest's options. */
const MACHINES: readonly { name: string; fields: string; asks: readonly string[] }[] = [
  { name: 'plain', fields: 'tc=.routed:', asks: [] },
  { name: 'own', fields: 'tc=.routed:ts@:hn:bf=vmunix:dn=other.example:', asks: [] },
  { name: 'again', fields: 'ts@:tc=.routed:', asks: [] },
  { name: 'wishes', fields: 'tc=.routed:bf=vmunix:', asks: ['-f', 'unix'] },
  { name: 'root', fields: 'tc=.routed:dn@:ds@:ns@:ts@:to@:rp="/export/root":', asks: [] },
  { name: 'generic', fields: 'tc=.routed:ds@:ns@:ts@:T128=0x0102:T129=01.ff:', asks: [] },
  {
    name: 'longer',
    fields: 'hn:tc=.routed:ms=600:lg=192.168.77.64:lp=192.168.77.65:sw=192.168.77.66:',
    asks: [],
  },
  { name: 'elsewhere', fields: 'tc=.routed:sa=192.168.77.77:td=/tftpboot:hd=/x:', asks: [] },
  { name: 'octal', fields: 'tc=.routed:ts@:sm=0xff.0377.255.0:gw=0300.168.77.0xfe:bs=020:', asks: [] },
  { name: 'cmu', fields: 'tc=.routed:vm=cmu:', asks: [] },
];

const macOf = (index: number) => `52:54:00:b0:00:${(index + 16).toString(16)}`;
const addressOf = (index: number) => `192.168.77.${100 + index}`;

const TABLE = [
  ...TEMPLATES,
  ...MACHINES.map(({ name, fields }, index) => {
    const ha = macOf(index).replaceAll(':', '');
    return `${name}:ht=ether:ha=${ha}:ip=${addressOf(index)}:${fields}`;
  }),
  '',
].join('\n');

ring('a bootptab', NEEDS, () => {
  const table = join(tmpdir(), `pxed-bootptab-${process.pid}`);
  const site = useSite({
    root: createEmptyRoot,
    bootFile: 'pxelinux.0',
    prepare: async (root) => {
      await root.write('pxelinux.0', 'not started by anybody here');
      writeFileSync(table, TABLE);
    },
    options: ['--bootptab', table],
  });
  /** What both servers sent, by who asked. */
  const replies = new Map<string, DhcpPacket[]>();

  beforeAll(async () => {
    const { lab, capture } = site();
    const bootpd = await lab.host('bootpd', { address: `${CMU}/24` });
    await waitForPorts(bootpd.start(['bootpd', '-s', '-d', '4', table]), [67]);
    await Promise.all(
      MACHINES.map(async ({ asks }, index) => {
        const host = await lab.host(`c${index}`, { address: `${addressOf(index)}/24`, mac: macOf(index) });
        for (const server of [PXED, CMU]) await host.run(['bootptest', '-h', ...asks, server]);
      }),
    );
    for (const server of [PXED, CMU]) {
      for (const reply of await capture.read(`dhcp.type == 2 && ip.src == ${server}`, ['udp.payload'])) {
        const decoded = decode(fromHex(reply['udp.payload']));
        if (!decoded.ok) throw new Error(`${server}: ${decoded.reason}`);
        const { packet } = decoded.value;
        const key = `${server} ${hardwareAddress(packet)}`;
        replies.set(key, [...(replies.get(key) ?? []), packet]);
      }
    }
  });
  afterAll(() => rmSync(table, { force: true }));

  test.each(MACHINES.map((machine, index) => ({ ...machine, mac: macOf(index) })))(
    'pxed answers $name as bootpd does',
    ({ mac }) => {
      const [ours] = replies.get(`${PXED} ${mac}`) ?? [];
      const [theirs] = replies.get(`${CMU} ${mac}`) ?? [];
      if (!ours || !theirs) throw new Error(`no answer of ${ours ? 'bootpd' : 'pxed'}`);
      expect(comparable(ours)).toEqual(comparable(theirs));
    },
  );

  test('pxed reads it again on SIGHUP; with a mistake, the machines stay as they were', async () => {
    const { lab, server } = site();
    const host = await lab.host('late', { address: '192.168.77.200/24', mac: '52:54:00:b0:01:00' });
    const ask = async () => (await host.run(['bootptest', '-h', PXED], { timeoutMs: 20_000 })).stdout;
    const late = 'late:ha=525400b00100:ip=192.168.77.200:bf=late.0:tc=.routed:\n';
    writeFileSync(table, `${TABLE}${late}`);
    server.signal('SIGHUP');
    await server.waitFor(/the new configuration is in force/, 10_000);
    expect(await ask()).toContain('file:"/boot/late.0"');
    writeFileSync(table, `${TABLE}${late.replace('bf=', 'fb=')}`);
    server.signal('SIGHUP');
    const line = TABLE.split('\n').length;
    await server.waitFor(new RegExp(`pxed-bootptab-${process.pid}:${line}: late:fb: no such tag`), 10_000);
    expect(await ask()).toContain('file:"/boot/late.0"');
  });
});

/** What the two must agree on: not their own addresses, the request's number, or the order of tags. */
function comparable({ siaddr, xid: _, secs: __, options, chaddr, vendBytes, ...rest }: DhcpPacket) {
  const isOwn = siaddr === 0xc0a8_4d01 || siaddr === 0xc0a8_4d02;
  return {
    ...rest,
    siaddr: isOwn ? 'own' : siaddr,
    chaddr: toHex(chaddr),
    // bootpd writes the flags of CMU's structure in the order of its own machine.
    vendBytes: vendBytes && toHex(vendBytes).replace('434d550001000000', '434d550000000001'),
    options: Object.fromEntries([...options].map(([code, body]) => [code, toHex(body)])),
  };
}
