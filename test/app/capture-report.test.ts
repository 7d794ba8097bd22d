import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CaptureQuestion, reportCapture } from '../../src/app/capture-report.ts';
import type { ControlClient } from '../../src/app/control-client.ts';
import { pcapHeader, pcapRecord } from '../../src/frame/pcap.ts';
import { buildUdpFrame } from '../../src/frame/udp.ts';
import { concatBytes } from '../../src/lib/bytes.ts';
import type { Captures } from '../../src/server/control/capture-routes.ts';
import { encode } from '../../src/tftp-packet/index.ts';

const MAC = '52:54:00:12:34:56';
const AT = Date.UTC(2026, 10, 20, 12);
const FRAME = buildUdpFrame({
  ...{
    fromMac: MAC,
    toMac: '02:00:00:00:00:01',
    from: 0x0a00_0007,
    to: 0x0a00_0001,
    fromPort: 2070,
    toPort: 69,
  },
  payload: encode({ opcode: 'rrq', filename: 'evil\x1b[31m', mode: 'octet', options: [] }),
});
const FILE = concatBytes([
  pcapHeader(),
  pcapRecord({ at: AT, bytes: FRAME, wireLength: 60 }),
  pcapRecord({ at: AT + 5, bytes: FRAME, wireLength: 60 }),
]);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-capture-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NONE: Captures = { state: 'recording', machines: [], kept: [] };

async function report(
  question: Partial<CaptureQuestion>,
  chunks: AsyncIterable<Uint8Array> = pieces(FILE),
  captures = NONE,
) {
  const said = { out: '', err: '' };
  const asked: string[] = [];
  const stdout = new PassThrough();
  const client = {
    get: async () => captures,
    async download(path: string) {
      asked.push(path);
      return { octets: chunks };
    },
  } as Partial<ControlClient> as ControlClient;
  const into = (which: 'out' | 'err') => ({
    write(text: string) {
      said[which] += text;
    },
  });
  const code = await reportCapture(
    client,
    { signal: new AbortController().signal, ...question },
    { out: into('out'), err: into('err'), stdout },
  );
  return {
    code,
    asked,
    piped: stdout.writableEnded ? Buffer.concat(await stdout.toArray()) : undefined,
    ...said,
  };
}

/** As a network brings it. */
async function* pieces(whole: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

test('reportCapture() tells the packets of a machine, however they come, and nothing that a terminal obeys', async () => {
  const { out, code, asked } = await report({ machine: MAC });
  expect(asked).toEqual([`/api/v1/machines/${encodeURIComponent(MAC)}/capture`]);
  expect(out.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d\.000 {2}10\.0\.0\.7 > 10\.0\.0\.1 {2}GET evil\?\[31m$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d\.005 /),
  ]);
  expect(code).toBe(0);
});

test('reportCapture() tells programs', async () => {
  const { out } = await report({ machine: '10.0.0.7', json: true, failed: true });
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ at: '2026-11-20T12:00:00.000Z', wireLength: 60 }, { at: '2026-11-20T12:00:00.005Z' }]);
});

test('reportCapture() writes a file, or to the standard output', async () => {
  const path = join(folder, 'x.pcap');
  expect(await report({ machine: MAC, write: path, failed: true })).toMatchObject({
    code: 0,
    out: '',
    asked: [expect.stringContaining('?failed=true')],
  });
  expect(readFileSync(path).equals(FILE)).toBe(true);
  const { piped } = await report({ machine: MAC, write: '-', follow: true });
  expect(piped?.equals(FILE)).toBe(true);
});

test('reportCapture() says that a file cannot be written', async () => {
  const { code, err } = await report({ machine: MAC, write: join(folder, 'none/x.pcap') });
  expect(code).toBe(1);
  expect(err).toMatch(/Cannot write .*none\/x\.pcap: no such file/);
});

test('reportCapture() follows until it is told to stop', async () => {
  const stop = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield FILE;
    setImmediate(() => stop.abort());
    await new Promise(() => {});
  }
  const { out, code } = await report({ machine: MAC, follow: true, signal: stop.signal }, endless());
  expect(out.trimEnd().split('\n')).toHaveLength(2);
  expect(code).toBe(0);
});

test('reportCapture() lists of which machines there are packets', async () => {
  const time = new Date(AT).toISOString();
  const captures: Captures = {
    state: 'busy',
    machines: [{ machine: MAC, packets: 3, sizeBytes: 900, firstAt: time, lastAt: time }],
    kept: [{ name: 'x.pcap', machine: MAC, at: time, sizeBytes: 2048 }],
  };
  const { out } = await report({}, pieces(FILE), captures);
  expect(out).toMatch(/^not recording at the moment/);
  expect(out).toMatch(/^52:54:00:12:34:56 +3 /m);
  expect(out).toMatch(/^BOOT THAT FAILED .*\n52:54:00:12:34:56 +2026-11-20T12:00:00\.000Z +2/m);
  expect((await report({})).out).toContain('no packets of any machine');
  expect(JSON.parse((await report({ json: true })).out)).toEqual(NONE);
});
