/** The firmware's part: an address, the boot file; then whoever is in the boot file goes on. */
import { isUrl } from '../boot/policy.ts';
import { formatDuration } from '../lib/duration.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { createAskBootServer } from './ask-boot-server.ts';
import { createBootp } from './bootp.ts';
import { senderOf } from './dhcp-reply.ts';
import { describeFirmware, firmwareOf } from './dhcp-voice.ts';
import { createDiscover } from './discover.ts';
import { type Outcome, success } from './exchange.ts';
import { locateUrl } from './file-location.ts';
import { createMarks, loaderKind } from './loader-marks.ts';
import type { Offer } from './offers.ts';
import { checkBootFile, PROGRAM_HEAD_BYTES } from './program-check.ts';
import { createRelease } from './release.ts';
import { createRequest, type Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';
import { IPXE_MANNER, loadStation, type Manner, ROM_MANNER, type Scene, UEFI_MANNER } from './scene.ts';
import {
  type Diary,
  download,
  type Location,
  report,
  run,
  type Verdict,
  type Walking,
  type WalkManners,
} from './step.ts';
import { walkGrub, walkShim } from './walk-grub.ts';
import { type Onward, walkIpxe, walkScript } from './walk-ipxe.ts';
import { walkLoader } from './walk-loader.ts';

/** A machine from power-on to its kernel; at the end the address is given back, if so wished. */
export function* walkMachine(rom: RomIdentity, diary: Diary, manners: WalkManners): Walking<Verdict> {
  const verdict = yield* walkFirmware(rom, diary);
  yield* giveBack(diary, manners);
  return verdict;
}

/** In place of the rest of the way. */
export function* walkNoFurther(
  diary: Diary,
  { rom, why, detail }: { readonly rom: RomIdentity; readonly why: string; readonly detail: string },
  manners: WalkManners,
): Walking<Verdict> {
  const after = diary.steps.at(-1)?.step;
  // A server may have answered already: firmware waits for better offers.
  const first = firmwareOf(rom) === 'bootp' ? 'request' : 'discover';
  const told = `${detail}, ${after === undefined ? `during ${first}` : `after ${after}`}`;
  yield* report(diary, { step: 'given-up', since: diary.clock.now }, { ok: false, why, detail: told });
  const lease = diary.held.at(-1)?.lease;
  yield* giveBack(diary, manners);
  return { ok: false, steps: diary.steps, ended: 'failed', ...(lease && { lease }) };
}

function* giveBack(diary: Diary, { release = false }: WalkManners): Walking<void> {
  for (const { rom, lease } of release ? diary.held : []) {
    const since = diary.clock.now;
    yield* run(createRelease(rom, lease));
    const detail = `${formatIpv4(lease.ip)} given back to ${formatIpv4(lease.dhcpServer)}`;
    yield* report(diary, { step: 'release', since }, { ok: true, detail });
  }
}

/** From the first DISCOVER on. iPXE comes through here a second time, as iPXE. */
export function* walkFirmware(rom: RomIdentity, diary: Diary): Walking<Verdict> {
  const failed: Verdict = { ok: false, steps: diary.steps, ended: 'failed' };
  const told = yield* firmwareOf(rom) === 'bootp' ? walkBootp(rom, diary) : walkDhcp(rom, diary);
  const held = diary.held.at(-1)?.lease;
  if (!told) return held ? { ...failed, lease: held } : failed;
  const { lease } = told;
  if (told.local) {
    const detail = 'the menu begins with the machine’s own disk';
    yield* report(diary, { step: 'local-boot', since: diary.clock.now }, { ok: true, detail });
    return { ok: true, steps: diary.steps, lease, ended: 'local-boot' };
  }
  const scene: Scene = { rom, lease, diary, requests: 0 };
  const location = yield* locateBootFile(scene);
  return location ? yield* runBootFile(scene, location) : { ...failed, lease };
}

/** Loads the boot file and goes on as the program in it. */
function* runBootFile(scene: Scene, location: Location): Walking<Verdict> {
  const { rom, lease, diary } = scene;
  const marks = createMarks();
  const found: Verdict = { ok: true, steps: diary.steps, lease, ended: 'foreign-loader' };
  const isIpxe = firmwareOf(rom) === 'ipxe';
  if (diary.steps.length > MOST_STEPS) {
    const detail = 'one program leads to another without an end';
    yield* report(
      diary,
      { step: 'boot-file', since: diary.clock.now },
      { ok: false, why: 'endless', detail },
    );
    return { ...found, ok: false, ended: 'failed' };
  }
  const file = yield* loadStation(scene, {
    step: 'boot-file',
    location,
    wanted: {
      manner: mannerOf(rom),
      keepBytes: isIpxe ? SCRIPT_BYTES : PROGRAM_HEAD_BYTES,
      onData: marks.look,
    },
    check: (loaded) => (isIpxe ? undefined : checkBootFile(rom, loaded)),
  });
  if (!file) return { ...found, ok: false, ended: 'failed' };
  const path = 'url' in location ? location.url : location.path;
  switch (loaderKind(path, marks, file.head)) {
    case 'pxelinux':
    case 'syslinux-efi':
      return yield* walkLoader(scene, location);
    case 'grub':
      return yield* walkGrub(scene, { location, marks });
    case 'shim':
      return yield* walkShim(scene, location);
    case 'ipxe':
      // iPXE that loads iPXE comes back here for ever: that it would is said by the second time.
      return isIpxe ? yield* ipxeAgain(diary, found) : yield* walkIpxe(scene, location, ONWARD);
    case 'script':
      return isIpxe ? yield* walkScript(scene, file, ONWARD) : found;
    case 'unknown':
      return found;
  }
}

const SCRIPT_BYTES = 262_144;
/** Longer ways are circles. */
const MOST_STEPS = 100;

/** What a script of iPXE chains is loaded by iPXE, and runs as what it is. */
const ONWARD: Onward = { dhcp: walkFirmware, boot: runBootFile };

function* ipxeAgain(diary: Diary, found: Verdict): Walking<Verdict> {
  const detail = 'iPXE is sent to iPXE: it would load itself for ever';
  yield* report(diary, { step: 'config', since: diary.clock.now }, { ok: false, why: 'ipxe-loop', detail });
  return { ...found, ok: false, ended: 'failed' };
}

function mannerOf(rom: RomIdentity): Manner {
  const firmware = firmwareOf(rom);
  if (firmware === 'ipxe') return IPXE_MANNER;
  return firmware === 'uefi' ? UEFI_MANNER : ROM_MANNER;
}

/** UEFI's HTTP boot asks how long it is before anything else (HttpBootClient.c). */
function* locateBootFile({ rom, lease, diary }: Scene): Walking<Location | undefined> {
  const firmware = firmwareOf(rom);
  const station = { step: 'boot-file', since: diary.clock.now } as const;
  const { bootFile } = lease;
  if (!isUrl(bootFile)) return { server: lease.bootServer, path: bootFile };
  const location = locateUrl(bootFile, firmware === 'ipxe' || firmware === 'http');
  if (location === undefined || location === 'no-url') {
    const detail = `${bootFile}: ${describeFirmware(rom)} cannot load from there`;
    yield* report(diary, station, { ok: false, why: 'url-unusable', detail });
    return undefined;
  }
  if (firmware !== 'http' || !('url' in location)) return location;
  const announced = yield* download({ url: location.url, method: 'HEAD', keepBytes: 0 });
  if (announced.ok) return location;
  yield* report(diary, station, { ...announced, asked: `HTTP HEAD ${location.url}` });
  return undefined;
}

const WAITED = 'no offer names a boot file as PXE firmware wants it: it waits 3 s for another one';

type Told = { readonly lease: Lease; readonly local?: boolean };

function* walkBootp(rom: RomIdentity, diary: Diary): Walking<Told | undefined> {
  const station = { step: 'request', since: diary.clock.now } as const;
  const asked = describeQuestion('BOOTREQUEST', rom);
  const lease = yield* run(createBootp(rom, diary.clock.now));
  if (!lease.ok) {
    yield* report(diary, station, { ...lease, asked });
    return undefined;
  }
  yield* report(diary, station, { ok: true, detail: describeLease(lease.value), asked });
  yield* hold(rom, lease.value, diary);
  return { lease: lease.value };
}

function* walkDhcp(rom: RomIdentity, diary: Diary): Walking<Told | undefined> {
  const { clock } = diary;
  const discover = { step: 'discover', since: clock.now } as const;
  const offer = yield* run(createDiscover(rom, clock.now));
  const asked = describeQuestion('DISCOVER', rom);
  if (!offer.ok) {
    yield* report(diary, discover, { ...offer, asked });
    return undefined;
  }
  const { packet } = offer.value;
  const detail = `${formatIpv4(senderOf(packet))} offers ${formatIpv4(packet.yiaddr)}${describeHelper(offer.value)}`;
  const notes = offer.value.waited ? [WAITED] : [];
  yield* report(diary, discover, { ok: true, detail, asked, notes });

  const request = { step: 'request', since: clock.now } as const;
  const got = yield* run(createRequest(rom, offer.value, clock.now));
  if (!got.ok) {
    yield* report(diary, request, { ...got, asked: `REQUEST for ${formatIpv4(packet.yiaddr)}` });
    return undefined;
  }
  const detailOfLease = describeLease(got.value);
  yield* report(diary, request, {
    ok: true,
    detail: detailOfLease,
    asked: `REQUEST for ${formatIpv4(packet.yiaddr)}`,
  });
  yield* hold(rom, got.value, diary);
  if (offer.value.local) return { lease: got.value, local: true };
  return yield* askBootServer(rom, { lease: got.value, offer: offer.value }, diary);
}

/** From now on the machine has this address. A loader that asks again may get another: both are to be given back. */
function* hold(rom: RomIdentity, lease: Lease, diary: Diary): Walking<void> {
  diary.held = [...diary.held.filter((each) => each.lease.ip !== lease.ip), { rom, lease }];
  yield { kind: 'configure', lease };
}

function* askBootServer(
  rom: RomIdentity,
  { lease, offer }: { readonly lease: Lease; readonly offer: Offer },
  diary: Diary,
): Walking<Told | undefined> {
  const { ask } = offer;
  if (!ask) return { lease };
  const station = { step: 'boot-server', since: diary.clock.now } as const;
  const got = yield* run(createAskBootServer(rom, { ip: lease.ip, ask }, diary.clock.now));
  const line = ask.line === undefined ? '' : `, line "${ask.line}" of its menu`;
  const asked = `port 4011 of ${formatIpv4(ask.server)}${line}`;
  const told: Outcome<Lease> = got.ok
    ? success({ ...lease, bootServer: got.value.server, bootFile: got.value.file })
    : got;
  if (!told.ok) {
    yield* report(diary, station, { ...told, asked });
    return undefined;
  }
  const detail = `boot file ${told.value.bootFile} on ${formatIpv4(told.value.bootServer)}`;
  yield* report(diary, station, { ok: true, detail, asked });
  return { lease: told.value };
}

function describeQuestion(what: string, rom: RomIdentity): string {
  const way = rom.via === undefined ? 'broadcast' : `by relay ${formatIpv4(rom.via)}`;
  return `${what} as ${describeFirmware(rom)}, ${rom.mac}, ${way}`;
}

function describeHelper({ proxy, ask }: Offer): string {
  if (ask) return `, port 4011 of ${formatIpv4(ask.server)} knows the boot file`;
  return proxy ? `, boot file from ${formatIpv4(senderOf(proxy))}` : '';
}

function describeLease(lease: Lease): string {
  const time = lease.leaseSeconds === undefined ? '' : ` for ${formatDuration(lease.leaseSeconds)}`;
  const address = `${formatIpv4(lease.ip)}/${lease.prefixLength}${time}`;
  if (lease.bootFile === '') return address;
  const on = isUrl(lease.bootFile) ? '' : ` on ${formatIpv4(lease.bootServer)}`;
  return `${address}, boot file ${lease.bootFile}${on}`;
}
