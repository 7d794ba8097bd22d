import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firmwareRequest, limitsOf } from '../../src/client/firmware-request.ts';
import { encode } from '../../src/dhcp-packet/index.ts';
import { pcapHeader, pcapRecord } from '../../src/frame/pcap.ts';
import { buildUdpFrame } from '../../src/frame/udp.ts';
import { concatBytes } from '../../src/lib/bytes.ts';
import { pxectl } from '../rig/pxectl.ts';

const MAC = '52:54:00:12:34:56';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-replay-'));
  writeFileSync(join(folder, 'loader.0'), 'x');
  const speaker = { mac: MAC, arch: 0, stage: 'rom', xid: 1, seconds: 0 } as const;
  const bytes = buildUdpFrame({
    ...{ fromMac: MAC, toMac: 'ff:ff:ff:ff:ff:ff', from: 0, to: 0xffff_ffff, fromPort: 68, toPort: 67 },
    payload: encode(firmwareRequest(speaker), limitsOf(speaker)),
  });
  const record = pcapRecord({ at: 0, bytes, wireLength: bytes.length });
  writeFileSync(join(folder, 'boot.pcap'), concatBytes([pcapHeader(), record]));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const replay = (...words: string[]) => pxectl('replay', join(folder, 'boot.pcap'), ...words);

test('pxectl replay answers a capture with what pxed would be started with', async () => {
  const setup = [folder, '--boot-file', 'loader.0', '--mode', 'dhcp', '--state', 'memory'];
  const { code, out, err } = await replay(...setup);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/52:54:00:12:34:56 {2}DISCOVER\n {2}would be {2}OFFER .*file loader\.0/);
  const { out: json } = await replay(...setup, '--json', '--mac', '52:54:00:00:00:01');
  expect(JSON.parse(json)).toMatchObject({ steps: [] });
});

test.each([
  {
    name: 'a file that is not there',
    words: ['replay', '/nowhere.pcap', '/tmp'],
    says: /Cannot read \/nowhere\.pcap: no such file/,
  },
  { name: 'no folder', words: ['replay', '/dev/null'], says: /Which folder to serve/ },
  {
    name: 'what is no capture',
    words: ['replay', '/etc/passwd', '/tmp', '--state', 'memory'],
    says: /no capture of tcpdump/,
  },
])('pxectl replay refuses $name', async ({ words, says }) => {
  expect(await pxectl(...words)).toMatchObject({ code: 2, err: expect.stringMatching(says) });
});
