import { folderOf } from '../boot/lookups.ts';
import { formatDuration } from '../lib/duration.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { senderOf } from './dhcp-reply.ts';
import { createDiscover } from './discover.ts';
import { createFetch, describeFile } from './fetch-file.ts';
import { createRequest, type Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';
import { type Clock, type Diary, report, run, type Verdict, type Walking } from './step.ts';
import { walkLoader } from './walk-loader.ts';

/** QEMU's iPXE: the same request again after 0.26, 0.8, 1.9, 3.9 and 8 s, then up. */
const ROM_RETRY_MS = [260, 540, 1100, 2000, 4100];

/** What that ROM asks, in its order. */
const ROM_OPTIONS = [
  ['blksize', '1432'],
  ['tsize', '0'],
] as const;

/** Intel's ROMs fetch from here. */
const ROM_TFTP_PORT = 2070;

/** The ROM's part: an address, the boot file; then whoever is in the boot file goes on. */
export function* walkRom(rom: RomIdentity, clock: Clock): Walking<Verdict> {
  const diary: Diary = { clock, steps: [] };
  const lease = yield* walkDhcp(rom, diary);
  if (!lease) return { ok: false, steps: diary.steps, ended: 'failed' };

  const since = clock.now;
  const fetched = yield* run(
    createFetch(
      {
        server: lease.bootServer,
        filename: lease.bootFile,
        port: ROM_TFTP_PORT,
        options: ROM_OPTIONS,
        retryMs: ROM_RETRY_MS,
        keepBytes: 0,
      },
      clock.now,
    ),
  );
  const station = { step: 'boot-file', since } as const;
  if (!fetched.ok) {
    yield* report(diary, station, fetched);
    return { ok: false, steps: diary.steps, lease, ended: 'failed' };
  }
  yield* report(diary, station, { ok: true, detail: describeFile(fetched.value) });
  if (!isPxelinux(lease.bootFile)) return { ok: true, steps: diary.steps, lease, ended: 'foreign-loader' };
  return yield* walkLoader(rom, lease, diary);
}

function* walkDhcp(rom: RomIdentity, diary: Diary): Walking<Lease | undefined> {
  const { clock } = diary;
  const discover = { step: 'discover', since: clock.now } as const;
  const offer = yield* run(createDiscover(rom, clock.now));
  if (!offer.ok) {
    yield* report(diary, discover, offer);
    return undefined;
  }
  const { packet, proxy } = offer.value;
  const helper = proxy ? `, boot file from ${formatIpv4(senderOf(proxy))}` : '';
  const offered = `${formatIpv4(senderOf(packet))} offers ${formatIpv4(packet.yiaddr)}${helper}`;
  yield* report(diary, discover, { ok: true, detail: offered });

  const request = { step: 'request', since: clock.now } as const;
  const lease = yield* run(createRequest(rom, offer.value, clock.now));
  if (!lease.ok) {
    yield* report(diary, request, lease);
    return undefined;
  }
  yield* report(diary, request, { ok: true, detail: describeLease(lease.value) });
  yield { kind: 'configure', lease: lease.value };
  return lease.value;
}

function describeLease(lease: Lease): string {
  const time = lease.leaseSeconds === undefined ? '' : ` for ${formatDuration(lease.leaseSeconds)}`;
  const file = `boot file ${lease.bootFile} on ${formatIpv4(lease.bootServer)}`;
  return `${formatIpv4(lease.ip)}/${lease.prefixLength}${time}, ${file}`;
}

/** PXELINUX by its name: pxelinux.0, lpxelinux.0, gpxelinux.0. */
function isPxelinux(bootFile: string): boolean {
  return /^[lg]?pxelinux\.0$/i.test(bootFile.slice(folderOf(bootFile).length));
}
