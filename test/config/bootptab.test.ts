import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBootptab } from '../../src/config/bootptab.ts';
import type { BootptabHost } from '../../src/config/bootptab-host.ts';
import { TAG_TABLE } from '../../src/config/bootptab-table.ts';
import { toHex } from '../../src/lib/bytes.ts';
import { formatIpv4, parseIpv4 } from '../../src/lib/ipv4.ts';
import { anyLetter } from '../rig/any-letter.ts';

const HOSTS: Readonly<Record<string, string>> = { gw: '10.0.0.254', 'ns.lab.example': '10.0.0.53' };
const ETHERS: Readonly<Record<string, string>> = { printer: '00:00:c9:00:42:e0' };

const OPTIONS = {
  file: 'bootptab',
  zoneSeconds: -18_000,
  names: {
    address: (name: string) => (Object.hasOwn(HOSTS, name) ? parseIpv4(HOSTS[name]!) : undefined),
    hardware: (name: string) => (Object.hasOwn(ETHERS, name) ? ETHERS[name] : undefined),
  },
};

/** The hosts of a table without a mistake. */
function hosts(text: string): readonly BootptabHost[] {
  const read = readBootptab(text, OPTIONS);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

/** The one host of an entry with a hardware address. */
function host(fields: string): BootptabHost {
  const [only] = hosts(`node1:ha=525400000001:${fields}`);
  if (!only) throw new Error('no host');
  return only;
}

/** `3=0a0000fe 6=…`. */
function options({ options }: BootptabHost): string {
  return options.map(({ code, body }) => `${code}=${toHex(body)}`).join(' ');
}

function mistakes(text: string): string[] {
  const read = readBootptab(text, OPTIONS);
  return read.ok ? [] : read.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

describe('the form', () => {
  test('readBootptab() one entry a line, comments and empty lines between', () => {
    const text =
      '# boot\n\nnode1:ha=525400000001:ip=10.0.0.1:\n\t# more\r\nnode2:ha=525400000002:ip=10.0.0.2:\r\n';
    expect(hosts(text).map(({ name, line, mac }) => [name, line, mac])).toEqual([
      ['node1', 3, '52:54:00:00:00:01'],
      ['node2', 5, '52:54:00:00:00:02'],
    ]);
  });

  test.each([
    { name: 'backslashes', text: 'node1:\\\n\t:ha=525400000001:\\\n\t:ip=10.0.0.1:\n' },
    { name: 'backslashes before CR LF', text: 'node1:\\\r\n  ha=525400000001:\\\r\n  ip=10.0.0.1' },
    { name: 'blanks round everything', text: ' node1 : ha = 52.54.00.00.00.01 : ip = 10.0.0.1 :' },
    { name: 'no file end', text: 'node1:ha=0x525400000001:ip=0xa.0.00.01' },
    { name: 'colons in quotes', text: 'node1:ha="52:54:00:00:00:01":ip=10.0.0.1:' },
    { name: 'colons behind backslashes', text: 'node1:ha=52\\:54\\:00\\:00\\:00\\:01:ip=10.0.0.1:' },
  ])('readBootptab() $name', ({ text }) => {
    expect(hosts(text)).toMatchObject([
      { name: 'node1', mac: '52:54:00:00:00:01', address: parseIpv4('10.0.0.1'), htype: 1 },
    ]);
  });

  test('readBootptab() says the line of a mistake inside an entry of several lines', () => {
    expect(mistakes('node1:\\\n :ha=525400000001:\\\n :ip=10.0.0.300:\\\n :zz=1:\n')).toEqual([
      '3 node1:ip: "10.0.0.300" is not an IPv4 address',
      '4 node1:zz: no such tag',
    ]);
  });
});

describe('values', () => {
  test.each([
    { fields: 'sm=255.255.255.0:gw=10.0.0.254 10.0.0.253', want: '1=ffffff00 3=0a0000fe0a0000fd' },
    { fields: 'gw=gw', want: '3=0a0000fe' },
    { fields: 'ds=ns.lab.example, gw', want: '6=0a0000350a0000fe' },
    {
      fields: 'ns=1.2.3.4:ts=1.2.3.5:lg=1.2.3.6:cs=1.2.3.7',
      want: '4=01020305 5=01020304 7=01020306 8=01020307',
    },
    {
      fields: 'lp=1.2.3.4:im=1.2.3.5:rl=1.2.3.6:nt=1.2.3.7',
      want: '9=01020304 10=01020305 11=01020306 42=01020307',
    },
    { fields: 'sw=1.2.3.4:ys=1.2.3.5:yd=lab', want: '16=01020304 40=6c6162 41=01020305' },
    { fields: 'dn=lab.example', want: `15=${Buffer.from('lab.example').toString('hex')}` },
    { fields: 'df="a b":rp=/r:ef=/e', want: '14=612062 17=2f72 18=2f65' },
    { fields: 'to=3600', want: '2=00000e10' },
    { fields: 'to=-18000', want: '2=ffffb9b0' },
    { fields: 'to=auto', want: '2=ffffb9b0' },
    { fields: 'to', want: '2=ffffb9b0' },
    { fields: 'bs=0x10', want: '13=0010' },
    { fields: 'bs=010', want: '13=0008' },
    { fields: 'T37=0x12345927AD3BCF', want: '37=12345927ad3bcf' },
    {
      fields: 'T99="Special ASCII string"',
      want: `99=${Buffer.from('Special ASCII string').toString('hex')}`,
    },
    { fields: 'T128=01.02', want: '128=0102' },
    { fields: 'T6=01020304:ds=1.1.1.1', want: '6=01010101' },
  ])('readBootptab() $fields gives $want', ({ fields, want }) => {
    expect(options(host(fields))).toBe(want);
  });

  test.each<{ fields: string; want: Partial<BootptabHost> }>([
    { fields: 'hd=/usr/boot:bf=null', want: { file: '/usr/boot/null', home: '/usr/boot' } },
    { fields: 'hd=/:bf=image', want: { file: '/image', home: '' } },
    { fields: 'hd=/usr/boot/:bf=/vmunix', want: { file: '/vmunix', home: '/usr/boot' } },
    { fields: 'bf="my image"', want: { file: 'my image' } },
    { fields: 'hn', want: { hostname: 'node1' } },
    { fields: 'sa=gw:ra=10.0.0.255', want: { nextServer: 0x0a0000fe, replyTo: 0x0a0000ff } },
    { fields: 'ms=1024:mw=4:dl=3600', want: { replySize: 1024, minSeconds: 4, leaseSeconds: 3600 } },
    { fields: 'vm=rfc1084', want: { vendor: 'rfc1048' } },
    { fields: 'vm=cmu', want: { vendor: 'cmu' } },
    { fields: 'bs=auto', want: { measured: true } },
    { fields: 'bs', want: { measured: true } },
    { fields: 'ht=token-ring', want: { htype: 6 } },
    { fields: 'ht=0x20', want: { htype: 32 } },
  ])('readBootptab() $fields', ({ fields, want }) => {
    expect(host(fields)).toMatchObject(want);
  });

  test('readBootptab() what the table does not say comes from the names of other files', () => {
    expect(hosts('printer:bf=x:\ngw:ha=525400000001:')).toMatchObject([
      { mac: '00:00:c9:00:42:e0' },
      { address: parseIpv4('10.0.0.254') },
    ]);
    expect(hosts('a:ha=printer:ip=10.0.0.1:')[0]?.mac).toBe('00:00:c9:00:42:e0');
    expect(hosts('a:ha=525400000001:ds=b:\nb:ha=525400000002:ip=10.0.0.2:')[0]?.options).toMatchObject([
      { code: 6, body: Uint8Array.of(10, 0, 0, 2) },
    ]);
  });
});

describe('templates', () => {
  const TEMPLATES = [
    '.default:hn:dn=lab.example:sm=255.255.0.0:ns=1.1.1.1:T99="x":',
    '.net13:sm=255.255.255.0:gw=10.0.13.1:tc=.default:',
  ].join('\n');

  test.each([
    {
      name: 'inherits through both',
      fields: 'tc=.net13',
      want: '1=ffffff00 3=0a000d01 5=01010101 15=6c61622e6578616d706c65 99=78',
    },
    {
      name: 'its own wins, after tc',
      fields: 'tc=.net13:gw=10.0.13.9:dn=b',
      want: '1=ffffff00 3=0a000d09 5=01010101 15=62 99=78',
    },
    {
      name: 'its own wins, before tc',
      fields: 'gw=10.0.13.9:dn=b:tc=.net13',
      want: '1=ffffff00 3=0a000d09 5=01010101 15=62 99=78',
    },
    { name: 'takes tags away', fields: 'tc=.net13:ns@:dn@:T99@:gw@', want: '1=ffffff00' },
    {
      name: 'sets anew what it took away',
      fields: 'tc=.net13:ns@:ns=2.2.2.2:dn@:T99@:gw@',
      want: '1=ffffff00 5=02020202',
    },
    {
      name: 'inherits again what it took away before',
      fields: 'dn@:tc=.default',
      want: '1=ffff0000 5=01010101 15=6c61622e6578616d706c65 99=78',
    },
    {
      name: 'the first of two templates wins',
      fields: 'tc=.default:tc=.net13',
      want: '1=ffff0000 3=0a000d01 5=01010101 15=6c61622e6578616d706c65 99=78',
    },
  ])('readBootptab() $name', ({ fields, want }) => {
    const [only, ...others] = hosts(`${TEMPLATES}\nnode1:ha=525400000001:${fields}:`);
    expect(others).toEqual([]);
    expect(options(only!)).toBe(want);
    expect(only!.hostname).toBe('node1');
  });

  test('readBootptab() a template may be a host, named by its address, and keeps its addresses to itself', () => {
    const text =
      'a:ht=6:ha=525400000001:ip=10.0.0.1:bf=x:\nb:ha=525400000002:tc=10.0.0.1:\nc:ha=525400000003:tc=a:';
    expect(hosts(text)).toMatchObject([
      { name: 'a', address: parseIpv4('10.0.0.1') },
      { name: 'b', htype: 6, mac: '52:54:00:00:00:02', file: 'x' },
      { name: 'c', htype: 6, mac: '52:54:00:00:00:03', file: 'x' },
    ]);
    expect(
      hosts(text)
        .slice(1)
        .map(({ address }) => address),
    ).toEqual([undefined, undefined]);
  });

  test('readBootptab() an entry without a dot is a template when others inherit from it', () => {
    expect(
      hosts('allhost:sm=255.255.255.0:\nws1:ha=525400000001:tc=allhost:').map(({ name }) => name),
    ).toEqual(['ws1']);
  });
});

describe('mistakes', () => {
  test.each([
    { text: ':ha=525400000001:', want: ['1 : an entry begins with the name of a host'] },
    { text: 'a:ip=10.0.0.1:', want: ['1 a: has no hardware address (ha), so no machine can match'] },
    { text: 'a:ha=5254000001:', want: ['1 a: 52:54:00:00:01 has 5 octets, not 6'] },
    { text: 'a:ha=015e00000001:', want: ['1 a: 01:5e:00:00:00:01 is a group address, which no machine has'] },
    {
      text: 'a:ha=52540000000:',
      want: ['1 a:ha: expected a hardware address like 08002B02A2F9, got "52540000000"'],
    },
    {
      text: 'a:ht=ppp:ha=01:',
      want: ['1 a:ht: machines on serial lines have no hardware address to be known by'],
    },
    {
      text: 'a:ht=etherneet:ha=525400000001:',
      want: [expect.stringMatching(/^1 a:ht: expected a number or direct/)],
    },
    { text: 'a:ha=525400000001:hn=yes:', want: ['1 a:hn: takes no value'] },
    { text: 'a:ha=525400000001:bf:', want: ['1 a:bf: needs a value: tag=value'] },
    { text: 'a:ha=525400000001:bf=:', want: ['1 a:bf: needs a value'] },
    { text: 'a:ha=525400000001:sm=255.0.255.0:', want: ['1 a:sm: "255.0.255.0" is no subnet mask'] },
    {
      text: 'a:ha=525400000001:ds=nobody:',
      want: ['1 a:ds: "nobody" is neither in this file nor in /etc/hosts'],
    },
    { text: 'a:ha=525400000001:ip=10.0.0.1 10.0.0.2:', want: ['1 a:ip: takes one address'] },
    { text: 'a:ha=525400000001:ip=10.0.0.08:', want: ['1 a:ip: "10.0.0.08" is not an IPv4 address'] },
    { text: 'a:ha=525400000001:tc=.b:\n.b:sm=255.0.0.0:', want: ['1 a:tc: there is no entry ".b" above'] },
    {
      text: 'a:ha=525400000001:ex=/bin/sh:',
      want: ['1 a:ex: runs a program for each request; pxed does not do that'],
    },
    { text: 'a:ha=525400000001:T53=01:', want: ['1 a:T53: pxed sets this option itself'] },
    { text: 'a:ha=525400000001:T255=01:', want: ['1 a:T255: option numbers are 1 to 254'] },
    {
      text: 'a:ha=525400000001:T37=12z:',
      want: ['1 a:T37: expected hexadecimal octets or "text in quotes", got "12z"'],
    },
    { text: 'a:ha=525400000001:ms=200:', want: ['1 a:ms: 200 is not from 300 to 1472'] },
    {
      text: 'a:ha=525400000001:vm=cmus:',
      want: ['1 a:vm: expected auto, rfc1048, rfc1084 or cmu, got "cmus"'],
    },
    { text: 'a:ha=525400000001:df="x:\nb:ha=525400000002:', want: ['1 : a quote (") is never closed'] },
    {
      text: 'a:ha=525400000001:smm=255.0.0.0:',
      want: ['1 a: expected tag=value, tag or tag@, got "smm=255.0.0.0"'],
    },
    { text: 'a:ha=525400000001:ds= 1.1.1.1:gv=1.1.1.1:', want: ['1 a:gv: no such tag; did you mean gw?'] },
    {
      text: `a:ha=525400000001:hd=/${'d'.repeat(100)}:bf=${'b'.repeat(30)}:`,
      want: ['1 a: bf: longer than the 127 octets of the header'],
    },
    { text: 'a:ha=525400000001:\na:ha=525400000002:', want: ['2 a: there is an entry of that name above'] },
  ])('readBootptab() $text', ({ text, want }) => {
    expect(mistakes(text)).toEqual(want);
  });

  test('readBootptab() one machine twice in one network is a mistake, in two networks it is not', () => {
    const twice = (second: string) =>
      `a:ha=525400000001:sm=255.255.255.0:ip=10.0.0.1:\nb:ha=525400000001:sm=255.255.255.0:ip=${second}:`;
    expect(mistakes(twice('10.0.0.2'))).toEqual(['2 b: has the hardware address of a (line 1)']);
    expect(mistakes(twice('10.0.1.1'))).toEqual([]);
    expect(mistakes('a:ha=525400000001:ip=10.0.0.1:\nb:ha=525400000002:ip=10.0.0.1:')).toEqual([
      '2 b: has the address of a (line 1)',
    ]);
  });

  test('readBootptab() reports all of them, in the order of their lines', () => {
    expect(mistakes('a:zz=1:\nb:ha=1:\nc:ip=x:').map((line) => line[0])).toEqual(['1', '2', '3']);
  });
});

describe('any text', () => {
  const tag = fc.constantFrom(...Object.keys(TAG_TABLE), 'tc', 'T37', 'T300', 'zz', 'T');
  const value = fc.oneof(
    fc.constantFrom(
      'auto',
      '10.0.0.1',
      '10.0.0.1 gw',
      '0x10',
      '010',
      '"a:b"',
      '"',
      '\\',
      '.t',
      '525400000001',
      'cmu',
    ),
    fc.string({ maxLength: 12 }),
  );
  const field = fc.tuple(tag, fc.constantFrom('=', '@', '', '=='), value).map((parts) => parts.join(''));
  const entry = fc
    .tuple(
      fc.constantFrom('.t', 'a', 'b', '', '#'),
      fc.array(field, { maxLength: 6 }),
      fc.constantFrom(':', ':\\\n\t:'),
    )
    .map(([name, fields, colon]) => [name, ...fields].join(colon));
  const table = fc.array(entry, { maxLength: 6 }).map((entries) => entries.join('\n'));

  test('readBootptab() reads it or says why, with a line of the file', () => {
    fc.assert(
      fc.property(fc.oneof(table, fc.string({ unit: anyLetter, maxLength: 200 })), (text) => {
        const read = readBootptab(text, OPTIONS);
        const lines = text.split('\n').length;
        if (read.ok) {
          for (const { mac, options } of read.value) {
            expect(mac).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2}){0,15}$/);
            for (const { code, body } of options) {
              expect(code).toBeGreaterThan(0);
              expect(body.length).toBeGreaterThan(0);
              expect(body.length).toBeLessThan(256);
            }
          }
        } else {
          expect(read.problems.length).toBeGreaterThan(0);
          for (const { line } of read.problems) {
            expect(line).toBeGreaterThan(0);
            expect(line).toBeLessThanOrEqual(lines);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('readBootptab() gives back what was written', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
    const entries = fc.uniqueArray(
      fc.record({ name, address: fc.nat({ max: 0xffff_ffff }), text: fc.stringMatching(/^[ -~]{1,20}$/) }),
      { selector: (one) => one.name, maxLength: 8 },
    );
    fc.assert(
      fc.property(entries, (list) => {
        const distinct = list.filter(
          (one, i) => list.findIndex(({ address }) => address === one.address) === i,
        );
        const text = distinct
          .map((one, i) => {
            const quoted = one.text.replaceAll(/[\\"]/g, '\\$&');
            return `${one.name}:ha=5254000000${(i + 16).toString(16)}:\\\n  ip=${formatIpv4(one.address)}:T200="${quoted}":\n`;
          })
          .join('');
        expect(hosts(text).map(({ name, address, options }) => ({ name, address, options }))).toEqual(
          distinct.map((one) => ({
            name: one.name,
            address: one.address,
            options: [{ code: 200, body: new TextEncoder().encode(one.text) }],
          })),
        );
      }),
    );
  });
});
