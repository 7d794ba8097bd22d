import { describe, expect, test } from 'vitest';
import type { Limits } from '../../src/tftp/negotiate.ts';
import { announcedSize, negotiate } from '../../src/tftp/negotiate.ts';
import type { TftpOption, TftpRequest } from '../../src/tftp-packet/index.ts';
import { decode, decodeRequest } from '../../src/tftp-packet/index.ts';
import { golden } from '../golden/load.ts';

const LIMITS: Limits = { blksizeMax: 1468, windowsizeMax: 64, rollover: 0, rfc1350: false };

function read(...options: TftpOption[]): TftpRequest {
  return { opcode: 'rrq', filename: 'a', mode: 'octet', options };
}

function oackOf(packet: Uint8Array | undefined): readonly TftpOption[] | undefined {
  if (packet === undefined) return undefined;
  const decoded = decode(packet, { strict: true });
  if (!decoded.ok || decoded.value.opcode !== 'oack') throw new Error('not an OACK');
  return decoded.value.options;
}

describe('negotiate()', () => {
  test.each<{ what: string; asked: TftpOption[]; answer: TftpOption[] | undefined }>([
    { what: 'no OACK without options', asked: [], answer: undefined },
    {
      what: 'no OACK when none is granted',
      asked: [
        ['multicast', ''],
        ['foo', '1'],
      ],
      answer: undefined,
    },
    { what: 'blksize as asked', asked: [['blksize', '1024']], answer: [['blksize', '1024']] },
    { what: 'blksize cut to the MTU', asked: [['blksize', '8192']], answer: [['blksize', '1468']] },
    { what: 'blksize beyond its range, cut', asked: [['blksize', '70000']], answer: [['blksize', '1468']] },
    { what: 'blksize below 8 omitted', asked: [['blksize', '7']], answer: undefined },
    { what: 'blksize 8', asked: [['blksize', '8']], answer: [['blksize', '8']] },
    { what: 'blksize that is no number omitted', asked: [['blksize', '1e3']], answer: undefined },
    { what: 'windowsize cut', asked: [['windowsize', '65535']], answer: [['windowsize', '64']] },
    { what: 'windowsize 0 omitted', asked: [['windowsize', '0']], answer: undefined },
    { what: 'timeout echoed', asked: [['timeout', '5']], answer: [['timeout', '5']] },
    { what: 'timeout 0 omitted', asked: [['timeout', '0']], answer: undefined },
    { what: 'timeout 256 omitted', asked: [['timeout', '256']], answer: undefined },
    { what: 'tsize', asked: [['tsize', '0']], answer: [['tsize', '5000000000']] },
    { what: 'rollover omitted', asked: [['rollover', '1']], answer: undefined },
    {
      what: 'order as asked, names in lower case, the first of a repeated name',
      asked: [
        ['WindowSize', '4'],
        ['utimeout', '10000'],
        ['BLKSIZE', '512'],
        ['blksize', '1468'],
        ['TSize', '0'],
      ],
      answer: [
        ['windowsize', '4'],
        ['blksize', '512'],
        ['tsize', '5000000000'],
      ],
    },
  ])('grants $what', ({ asked, answer }) => {
    expect(oackOf(negotiate(read(...asked), LIMITS, 5_000_000_000).oack)).toEqual(answer);
  });

  test('answers golden 51 as golden 53 does', () => {
    const request = decodeRequest(golden('51').bytes);
    if (!request.ok) throw new Error(request.reason);
    const terms = negotiate(request.value, LIMITS, 11_534_336);
    expect(terms.oack).toEqual(golden('53').bytes);
    expect(terms).toMatchObject({ blksize: 1468, windowsize: 16, timeoutMs: 3000, rollover: 0 });
  });

  test('has nothing in the OACK that was not asked for (pTFTPd defect 6)', () => {
    expect(oackOf(negotiate(read(['tsize', '0']), LIMITS, 7).oack)).toEqual([['tsize', '7']]);
    expect(oackOf(negotiate(read(['windowsize', '0'], ['blksize', '600']), LIMITS, 7).oack)).toEqual([
      ['blksize', '600'],
    ]);
  });

  test('answers timeout alone (Jumpstarter is silent then)', () => {
    expect(oackOf(negotiate(read(['timeout', '3']), LIMITS).oack)).toEqual([['timeout', '3']]);
  });

  test('omits tsize when the size is not known, as for netascii', () => {
    expect(oackOf(negotiate(read(['tsize', '0'], ['blksize', '600']), LIMITS).oack)).toEqual([
      ['blksize', '600'],
    ]);
  });

  test('ignores every option under rfc1350', () => {
    const terms = negotiate(read(['blksize', '1468'], ['tsize', '0']), { ...LIMITS, rfc1350: true }, 7);
    expect(terms).toEqual({ blksize: 512, windowsize: 1, rollover: 0 });
  });

  test('refuses the options it is told to', () => {
    const terms = negotiate(read(['blksize', '1468'], ['tsize', '0']), { ...LIMITS, refuse: ['blksize'] }, 7);
    expect(terms.blksize).toBe(512);
    expect(oackOf(terms.oack)).toEqual([['tsize', '7']]);
  });

  test('grants rollover when told to, never against "forbidden"', () => {
    const willing = { ...LIMITS, rolloverOption: true };
    expect(negotiate(read(['rollover', '1']), willing).rollover).toBe(1);
    expect(negotiate(read(['rollover', '2']), willing).oack).toBeUndefined();
    expect(negotiate(read(['rollover', '1']), { ...willing, rollover: 'forbidden' })).toEqual({
      blksize: 512,
      windowsize: 1,
      rollover: 'forbidden',
    });
  });

  test('echoes the size of a write', () => {
    const request = decodeRequest(golden('52').bytes);
    if (!request.ok) throw new Error(request.reason);
    expect(oackOf(negotiate(request.value, LIMITS).oack)).toEqual([['tsize', '673312']]);
    expect(announcedSize(request.value)).toBe(673_312);
    expect(announcedSize(read(['tsize', '-1']))).toBeUndefined();
    expect(announcedSize(read())).toBeUndefined();
  });
});
