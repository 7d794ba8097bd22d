/** What a machine on its way carries with it, and how it loads a file, by TFTP or HTTP. */
import { formatIpv4 } from '../lib/ipv4.ts';
import type { TftpOption } from '../tftp-packet/index.ts';
import type { Outcome } from './exchange.ts';
import { failure, success } from './exchange.ts';
import { createFetch, describeFile } from './fetch-file.ts';
import { nameOf } from './file-location.ts';
import { describeHttp } from './http-file.ts';
import type { Problem } from './program-check.ts';
import type { Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';
import { type Diary, download, type Location, report, run, type StepName, type Walking } from './step.ts';

export type Scene = {
  readonly rom: RomIdentity;
  readonly lease: Lease;
  readonly diary: Diary;
  /** How many files were asked for; ports follow from it. */
  requests: number;
};

/** How a program asks by TFTP: options in its order, its timers, its ports. */
export type Manner = {
  readonly options: readonly TftpOption[];
  /** How long to wait before repeating, again and again. */
  readonly retryMs: readonly number[];
  /** Of its first request; the next ones count up from here, round and round. */
  readonly firstPort: number;
  readonly ports: number;
};

/** QEMU's iPXE, as a ROM: the same request again after 0.26, 0.8, 1.9, 3.9 and 8 s. Intel's ROMs fetch from 2070. */
export const ROM_MANNER: Manner = {
  options: [
    ['blksize', '1432'],
    ['tsize', '0'],
  ],
  retryMs: [260, 540, 1100, 2000, 4100],
  firstPort: 2070,
  ports: 1,
};

/** iPXE, as a loader: the same from ports of its own. */
export const IPXE_MANNER: Manner = { ...ROM_MANNER, firstPort: 28_672, ports: 16_384 };

/**
 * OVMF: every 4 s, six times; the next one's port is one further. It asks for windowsize 4, too; here it does not: where the
 * server's card cuts windows into datagrams, a packet socket on a virtual network sees the uncut window.
 */
export const UEFI_MANNER: Manner = {
  options: [
    ['tsize', '0'],
    ['blksize', '1468'],
  ],
  retryMs: [4000, 4000, 4000],
  firstPort: 1024,
  ports: 16_384,
};

/** PXELINUX 6.04: it repeats soon, more slowly the longer it takes; its ports begin anew at every boot. */
export const PXELINUX_MANNER: Manner = {
  options: [
    ['tsize', '0'],
    ['blksize', '1408'],
  ],
  retryMs: [100, 110, 160, 160, 220, 270, 330, 500, 700, 1000, 1500, 2000, 3000],
  firstPort: 49_152,
  ports: 65_536 - 49_152,
};

/** GRUB 2.06. */
export const GRUB_MANNER: Manner = {
  options: [
    ['blksize', '1024'],
    ['tsize', '0'],
  ],
  retryMs: [800, 1600, 2400, 3200],
  firstPort: 25_300,
  ports: 16_384,
};

export type Wanted = {
  readonly manner: Manner;
  readonly keepBytes: number;
  readonly onData?: (part: Uint8Array) => void;
};

/** A file that came. */
export type Loaded = {
  readonly location: Location;
  readonly sizeBytes: number;
  readonly head: Uint8Array;
  readonly contentType?: string;
  /** For people. */
  readonly detail: string;
};

/** Fetches one file. A failure is the server's, or the network's. */
export function* load(scene: Scene, location: Location, wanted: Wanted): Walking<Outcome<Loaded>> {
  const { manner, keepBytes, onData } = wanted;
  const spec = { keepBytes, ...(onData && { onData }) };
  if ('url' in location) {
    const got = yield* download({ url: location.url, method: 'GET', ...spec });
    if (!got.ok) return got;
    return success({ ...got.value, location, detail: describeHttp(got.value) });
  }
  const { server, path } = location;
  const port = manner.firstPort + (scene.requests++ % manner.ports);
  const transfer = { server, filename: path, port, options: manner.options, retryMs: manner.retryMs };
  const got = yield* run(createFetch({ ...transfer, ...spec }, scene.diary.clock.now));
  if (!got.ok) return got;
  const { sizeBytes, head } = got.value;
  return success({ location, sizeBytes, head, detail: describeFile(got.value) });
}

/** `TFTP pxelinux.0 from 10.0.0.1, blksize 1432, tsize 0`. */
export function describeAsk(location: Location, { options }: Manner): string {
  if ('url' in location) return `HTTP GET ${location.url}`;
  const asked = options.map(([name, value]) => `, ${name} ${value}`).join('');
  return `TFTP ${location.path} from ${formatIpv4(location.server)}${asked}`;
}

export type Station = {
  readonly step: StepName;
  readonly location: Location;
  readonly wanted: Wanted;
  /** What is wrong with the file itself. */
  readonly check?: (file: Loaded) => Problem | undefined;
};

/** Loads one file, and writes down what became of it. */
export function* loadStation(scene: Scene, station: Station): Walking<Loaded | undefined> {
  const { step, location, wanted, check } = station;
  const since = scene.diary.clock.now;
  const asked = describeAsk(location, wanted.manner);
  const got = yield* load(scene, location, wanted);
  const problem = got.ok ? check?.(got.value) : undefined;
  const outcome =
    got.ok && problem && problem.why !== 'note'
      ? failure(problem.why, `${nameOf(location)}: ${problem.detail}`)
      : got;
  if (!outcome.ok) {
    const { why, detail } = outcome;
    yield* report(scene.diary, { step, since }, { ok: false, why, detail, asked });
    return undefined;
  }
  const { detail, sizeBytes } = outcome.value;
  const notes = problem ? [problem.detail] : [];
  yield* report(scene.diary, { step, since }, { ok: true, detail, asked, sizeBytes, notes });
  return outcome.value;
}
