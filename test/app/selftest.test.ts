import { describe, expect, test } from 'vitest';
import { type SelftestQuestion, selftest } from '../../src/app/selftest.ts';
import { chooseInterface, NoPlace } from '../../src/app/selftest-attachment.ts';
import { kindOfMachine, selftestArch, syntheticMac, syntheticUuid } from '../../src/app/selftest-machine.ts';
import { stepLines, verdictJson, verdictLine } from '../../src/app/selftest-report.ts';
import { createTally, distribution } from '../../src/app/selftest-tally.ts';
import type { Step, Verdict } from '../../src/client/step.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import type { InterfaceFacts } from '../../src/net/datagram.ts';

const OK: Step = {
  step: 'discover',
  ok: true,
  detail: '10.0.0.1 offers 10.0.0.9',
  tookMs: 4.24,
  asked: 'DISCOVER',
};
const SLOW: Step = {
  step: 'kernel',
  ok: true,
  detail: 'vmlinuz: 8 MB',
  tookMs: 20_000,
  sizeBytes: 8_000_000,
};
const BAD: Step = {
  step: 'initrd',
  ok: false,
  why: 'not-found',
  detail: 'initrd.gz: error 1, "No"',
  tookMs: 1,
};
const GOOD: Verdict = { ok: true, ended: 'kernel', steps: [OK, SLOW] };
const WRONG: Verdict = { ok: false, ended: 'failed', steps: [OK, BAD] };

describe('kindOfMachine()', () => {
  test.each([
    [{}, { firmware: 'bios', arch: 0 }],
    [{ arch: 7 }, { firmware: 'uefi', arch: 7 }],
    [{ arch: 16 }, { firmware: 'http', arch: 16 }],
    [{ firmware: 'http' }, { firmware: 'http', arch: 16 }],
    [
      { firmware: 'ipxe', arch: 7 },
      { firmware: 'ipxe', arch: 7 },
    ],
    [{ firmware: 'bootp' }, { firmware: 'bootp', arch: 0 }],
  ])('of %j', (asked, want) => {
    expect(kindOfMachine(asked)).toEqual(want);
  });

  test.each([
    [{ firmware: 'uefi', arch: 0 }],
    [{ firmware: 'bios', arch: 7 }],
    [{ arch: 22 }],
    [{ firmware: 'uefi', arch: 16 }],
  ])('refuses %j with a reason', (asked) => {
    expect(kindOfMachine(asked)).toEqual(expect.any(String));
  });
});

test('selftestArch() knows short names, those of the table, and numbers', () => {
  expect(['bios', 'X64-EFI', 'x86-64_EFI', '11', 'nothing'].map(selftestArch)).toEqual([
    0,
    7,
    7,
    11,
    undefined,
  ]);
});

test('syntheticMac() is locally administered, always the same at a place, and another for each machine', () => {
  const macs = Array.from({ length: 1000 }, (_, i) => syntheticMac('52:54:00:ff:ff:ff', i));
  expect(macs[0]).toBe('02:70:78:ff:ff:ff');
  expect(macs[1]).toBe('02:70:78:00:00:00');
  expect(new Set(macs).size).toBe(1000);
  expect(syntheticUuid('02:70:78:ff:ff:ff')).toHaveLength(16);
});

describe('stepLines() and verdictLine()', () => {
  test('tell a station in a line, and remarks below it', () => {
    expect(stepLines(OK)).toBe(' ok   discover         4.2 ms  10.0.0.1 offers 10.0.0.9\n');
    expect(stepLines(BAD)).toContain('FAIL  initrd');
    expect(stepLines(SLOW)).toMatch(/\n +note: slow, 400 kB a second\n$/);
  });

  test.each<{ name: string; steps: Step[]; says: RegExp }>([
    {
      name: 'firmware would wait longer',
      steps: [
        { step: 'given-up', ok: false, why: 'timeout', detail: 'no end within 5 s, before', tookMs: 0 },
      ],
      says: /^It is not known whether it would boot: no end within 5 s, before; firmware waits 15\.0 s for an address\. Give it longer: --timeout\n$/,
    },
    {
      name: 'it was on its way',
      steps: [OK, { step: 'given-up', ok: false, why: 'timeout', detail: 'no end within 5 s', tookMs: 0 }],
      says: /^It is not known whether it would boot: no end within 5 s\. Give it longer: --timeout\n$/,
    },
    {
      name: 'it was interrupted',
      steps: [OK, { step: 'given-up', ok: false, why: 'interrupted', detail: 'interrupted', tookMs: 0 }],
      says: /^It is not known whether it would boot: interrupted\n$/,
    },
  ])('do not blame a server where nobody waited for the end: $name', ({ steps, says }) => {
    expect(verdictLine({ ...WRONG, steps }, 5000)).toMatch(says);
  });

  test('have what a server names do nothing to a terminal', () => {
    const evil = '\u001b]0;evil\u0007\n ok ';
    const lines = stepLines({ ...OK, detail: evil, notes: [evil] });
    expect(lines).not.toContain('\u001b');
    expect(lines.split('\n')).toHaveLength(3);
    expect(verdictLine({ ...WRONG, steps: [{ ...BAD, why: evil }] }, 1)).not.toContain('\u001b');
    const tally = createTally();
    tally.add({ ...WRONG, steps: [{ ...BAD, detail: evil }] }, 5);
    expect(tally.sum(10, 1).text).not.toContain('\u001b');
  });

  test('name the station that failed', () => {
    expect(verdictLine(GOOD, 1234)).toBe('It would boot, its kernel and initrd are loaded, in 1.2 s\n');
    expect(verdictLine(WRONG, 1)).toBe('It would not boot: initrd, not-found\n');
  });
});

test('verdictJson() tells all of it for machines', () => {
  const rom = { mac: '02:70:78:00:00:01', uuid: new Uint8Array(16), broadcast: true, xid: 1 };
  expect(verdictJson(WRONG, { rom, where: 'eth0', tookMs: 12.6 })).toMatchObject({
    ok: false,
    failed: { step: 'initrd', why: 'not-found' },
    machine: { mac: rom.mac, firmware: 'bios', arch: 'x86PC' },
    at: 'eth0',
    tookMs: 13,
    steps: [
      { step: 'discover', asked: 'DISCOVER' },
      { step: 'initrd', ok: false },
    ],
  });
});

describe('createTally()', () => {
  test('counts boots, failures by reason, and how long each station took', () => {
    const tally = createTally();
    for (let i = 1; i <= 100; i++) tally.add({ ...GOOD, steps: [{ ...OK, tookMs: i }] }, i * 10);
    tally.add(WRONG, 5);
    const { booted, failed, text, json } = tally.sum(2000, 101);
    expect([booted, failed]).toEqual([100, 1]);
    expect(text).toContain('1 machine failed at initrd: not-found: initrd.gz: error 1');
    expect(text).toContain('100 of 101 machines would boot');
    expect(json).toMatchObject({
      bootsPerSecond: 50,
      stations: [
        { station: 'discover', count: 101, p50Ms: 50, maxMs: 100 },
        { station: 'whole boot', count: 100, p50Ms: 500, p90Ms: 900, p99Ms: 990, maxMs: 1000 },
      ],
    });
  });

  test('counts those that were never tried as missing', () => {
    const tally = createTally();
    tally.add(GOOD, 5);
    expect(tally.sum(1000, 3).json).toMatchObject({ ok: false, wanted: 3, booted: 1, failed: 0 });
  });

  test('remembers no more than a few reasons', () => {
    const tally = createTally();
    for (let i = 0; i < 1000; i++) tally.add({ ...WRONG, steps: [{ ...BAD, why: `why-${i}` }] }, 1);
    expect(tally.sum(1, 1000).text.split('\n').length).toBeLessThan(80);
  });
});

test('distribution() of nothing, and of one', () => {
  expect(distribution([])).toEqual({ p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 });
  expect(distribution([7])).toEqual({ p50Ms: 7, p90Ms: 7, p99Ms: 7, maxMs: 7 });
});

describe('chooseInterface()', () => {
  const facts = (name: string, text: string): InterfaceFacts => ({
    ...{ name, index: 1, mac: '52:54:00:00:00:01', mtu: 1500, up: true, running: true },
    loopback: name === 'lo',
    addresses: text === '' ? [] : [{ address: parseIpv4(text) ?? 0, prefixLength: 24 }],
  });
  const all = [facts('lo', '127.0.0.1'), facts('eth0', '10.0.0.2'), facts('eth1', '10.0.1.2')];

  test('takes the one near the server, or the only one', () => {
    expect(chooseInterface(all, parseIpv4('10.0.1.9'))).toBe('eth1');
    expect(chooseInterface(all.slice(0, 2), parseIpv4('10.9.9.9'))).toBe('eth0');
  });

  test('asks which one where several could be meant', () => {
    expect(() => chooseInterface(all, undefined)).toThrow(NoPlace);
    expect(() => chooseInterface(all.slice(0, 1), undefined)).toThrow('no interface');
  });
});

describe('selftest()', () => {
  const QUESTION: SelftestQuestion = { clients: 1, rate: 1, timeoutMs: 1000, json: false };
  async function ask(question: Partial<SelftestQuestion>): Promise<[number, string]> {
    let said = '';
    const say = {
      write(text: string) {
        said += text;
      },
    };
    const io = { out: say, err: say, now: () => performance.now(), random: () => 1, stopped: () => true };
    return [await selftest({ ...QUESTION, ...question }, io), said];
  }

  test.each<[Partial<SelftestQuestion>, RegExp]>([
    [{ relay: 1 }, /--server/],
    [{ relay: 1, server: 2, interface: 'eth0' }, /--interface/],
    [{ mac: '52:54:00:00:00:01', clients: 2 }, /--mac/],
    [{ mac: '01:00:5e:00:00:01' }, /group address/],
    [{ mac: 'ff:ff:ff:ff:ff:ff' }, /group address/],
    [{ firmware: 'uefi', arch: 0 }, /does not boot as/],
  ])('refuses %j as usage', async (question, words) => {
    const [code, said] = await ask(question);
    expect(code).toBe(2);
    expect(said).toMatch(words);
  });

  test('says what it lacks, and that it cannot ask itself', async () => {
    expect(await ask({ interface: 'nosuch0' })).toEqual([1, 'pxectl: There is no interface nosuch0\n']);
    const [code, said] = await ask({ server: parseIpv4('127.0.0.1') ?? 0, interface: 'lo' });
    expect(code).toBe(1);
    expect(said).toContain('127.0.0.1 is this machine');
  });
});
