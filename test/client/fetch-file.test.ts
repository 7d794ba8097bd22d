import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/client/exchange.ts';
import { createFetch, type FetchedFile, type FetchSpec } from '../../src/client/fetch-file.ts';
import { decode, encode, type TftpPacket } from '../../src/tftp-packet/index.ts';

const SERVER = 0x0a00_0001;
const SPEC: FetchSpec = {
  server: SERVER,
  filename: 'pxelinux.0',
  port: 50_000,
  options: [
    ['blksize', '1432'],
    ['tsize', '0'],
  ],
  retryMs: [100, 200, 400],
  keepBytes: 8,
};

/** What the exchange has to say now, decoded, with the port it says it to. */
function said(fetch: Exchange<FetchedFile>, now = 0): { to: number; packet: TftpPacket }[] {
  const out: { to: number; packet: TftpPacket }[] = [];
  for (let next = fetch.poll(now); next; next = fetch.poll(now)) {
    const decoded = decode(next.bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    out.push({ to: next.destinationPort, packet: decoded.value });
  }
  return out;
}

function answer(
  fetch: Exchange<FetchedFile>,
  packet: TftpPacket,
  from = { source: SERVER, sourcePort: 4000 },
) {
  fetch.receive({ ...from, destinationPort: 50_000, bytes: encode(packet) }, 0);
}

const data = (block: number, length: number): TftpPacket => ({
  opcode: 'data',
  block,
  data: new Uint8Array(length).fill(block),
});

describe('createFetch()', () => {
  test('asks the well-known port with its options in order, then follows the server’s TID', () => {
    const fetch = createFetch(SPEC, 0);
    expect(said(fetch)).toEqual([
      { to: 69, packet: { opcode: 'rrq', filename: 'pxelinux.0', mode: 'octet', options: SPEC.options } },
    ]);
    answer(fetch, { opcode: 'oack', options: [['blksize', '1432'], ['tsize', '1500']] }); // biome-ignore format: a packet
    expect(said(fetch)).toEqual([{ to: 4000, packet: { opcode: 'ack', block: 0 } }]);
    answer(fetch, data(1, 1432));
    answer(fetch, data(2, 68));
    expect(said(fetch).map(({ packet }) => packet)).toEqual([
      { opcode: 'ack', block: 1 },
      { opcode: 'ack', block: 2 },
    ]);
    expect(fetch.result()).toEqual({
      ok: true,
      value: {
        filename: 'pxelinux.0',
        sizeBytes: 1500,
        head: new Uint8Array(8).fill(1),
        blksize: 1432,
        repeats: 0,
      },
    });
    expect(fetch.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('reads from a server without options in blocks of 512, ended by an empty one', () => {
    const fetch = createFetch(SPEC, 0);
    answer(fetch, data(1, 512));
    answer(fetch, data(2, 0));
    expect(fetch.result()).toMatchObject({ ok: true, value: { sizeBytes: 512, blksize: 512 } });
  });

  test('goes on past block 65535', () => {
    const fetch = createFetch({ ...SPEC, keepBytes: 0 }, 0);
    answer(fetch, { opcode: 'oack', options: [['blksize', '8']] });
    for (let block = 1; block <= 65_536; block++) answer(fetch, data(block & 0xffff, 8));
    answer(fetch, data(1, 3));
    expect(fetch.result()).toMatchObject({ ok: true, value: { sizeBytes: 65_536 * 8 + 3 } });
  });

  test('answers a repeated block once and ignores blocks out of order and foreign TIDs', () => {
    const fetch = createFetch(SPEC, 0);
    answer(fetch, data(1, 512));
    said(fetch);
    answer(fetch, data(1, 512));
    expect(said(fetch)).toEqual([{ to: 4000, packet: { opcode: 'ack', block: 1 } }]);
    answer(fetch, data(3, 512));
    answer(fetch, data(2, 1), { source: SERVER, sourcePort: 4001 });
    answer(fetch, data(2, 1), { source: SERVER + 1, sourcePort: 4000 });
    expect(said(fetch)).toEqual([]);
    expect(fetch.result()).toBeUndefined();
  });

  test.each([
    ['an option nobody asked for', [['windowsize', '4']]],
    ['a larger block size than asked', [['blksize', '1433']]],
    ['a block size below 8', [['blksize', '4']]],
    ['a tsize that is no number', [['tsize', 'big']]],
  ] as const)('refuses %s with ERROR 8, as PXELINUX does', (_, options) => {
    const fetch = createFetch(SPEC, 0);
    said(fetch);
    answer(fetch, { opcode: 'oack', options });
    expect(said(fetch)).toMatchObject([{ to: 4000, packet: { opcode: 'error', code: 8 } }]);
    expect(fetch.result()).toMatchObject({ ok: false, why: 'bad-oack' });
  });

  test.each([
    ['not-found', { opcode: 'error', code: 1, message: 'No such file' }],
    ['tftp-error', { opcode: 'error', code: 2, message: 'denied' }],
  ] as const)('fails with %s and says the server’s words', (why, packet) => {
    const fetch = createFetch(SPEC, 0);
    answer(fetch, packet);
    expect(fetch.result()).toEqual({
      ok: false,
      why,
      detail: `pxelinux.0: error ${packet.code}, "${packet.message}"`,
    });
  });

  test('fails when the file is shorter than announced', () => {
    const fetch = createFetch(SPEC, 0);
    answer(fetch, { opcode: 'oack', options: [['tsize', '600']] });
    answer(fetch, data(1, 100));
    expect(fetch.result()).toMatchObject({ ok: false, why: 'wrong-size' });
  });

  test('repeats what it said last, then gives up (pTFTPd defect 15: no retries)', () => {
    const fetch = createFetch(SPEC, 0);
    expect(said(fetch, 0)).toHaveLength(1);
    expect(said(fetch, 99)).toHaveLength(0);
    expect(said(fetch, 100)).toMatchObject([{ packet: { opcode: 'rrq' } }]);
    expect(said(fetch, 300)).toMatchObject([{ packet: { opcode: 'rrq' } }]);
    expect(said(fetch, 700)).toEqual([]);
    expect(fetch.result()).toEqual({ ok: false, why: 'timeout', detail: 'pxelinux.0: no answer' });
  });

  test('refuses a name that no request can carry', () => {
    const fetch = createFetch({ ...SPEC, filename: 'a\0b' }, 0);
    expect(fetch.result()).toMatchObject({ ok: false, why: 'bad-name' });
    expect(said(fetch)).toEqual([]);
  });

  test('never throws, whatever is answered', () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.tuple(fc.constantFrom(3, 4, 5, 6), fc.nat(3), fc.uint8Array({ maxLength: 520 })).map(
        ([opcode, block, body]) => Uint8Array.of(0, opcode, 0, block, ...body), // biome-ignore format: bytes
      ),
    );
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 20 }), (packets) => {
        const fetch = createFetch(SPEC, 0);
        for (const bytes of packets) {
          fetch.receive({ source: SERVER, sourcePort: 4000, destinationPort: 50_000, bytes }, 0);
          for (const { to } of said(fetch)) expect([69, 4000]).toContain(to);
        }
        const result = fetch.result();
        if (result?.ok) expect(result.value.head.length).toBe(Math.min(8, result.value.sizeBytes));
      }),
    );
  });
});
