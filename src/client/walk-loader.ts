/** PXELINUX's part: its core module, its configuration, and what that says to load. */
import { folderOf, type LookupClient, pxelinuxLookups } from '../boot/lookups.ts';
import {
  type Directive,
  includedFile,
  parseSyslinux,
  readSyslinux,
  type SyslinuxConfig,
} from '../boot/syslinux-config.ts';
import { latin1Decode, toHex } from '../lib/bytes.ts';
import type { Outcome } from './exchange.ts';
import { createFetch, describeFile, type FetchedFile } from './fetch-file.ts';
import { locateFile } from './file-location.ts';
import type { Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';
import { type Diary, type Location, report, run, type StepName, type Verdict, type Walking } from './step.ts';

/** PXELINUX 6.04 asks this, in this order. */
const LOADER_OPTIONS = [
  ['tsize', '0'],
  ['blksize', '1408'],
] as const;

/** It repeats soon, and more slowly the longer it takes. */
const LOADER_RETRY_MS = [100, 110, 160, 160, 220, 270, 330, 500, 700, 1000, 1500, 2000, 3000];

/** Its ports count upwards from here at every boot, up to the last one there is. */
const FIRST_PORT = 49_152;
const PORTS = 65_536 - FIRST_PORT;

/** Where PXELINUX 6 looks for its core module: beside itself, then here (syslinux core/fs/pxe). */
const MODULE_FOLDERS = ['', '/boot/isolinux/', '/isolinux/', '/boot/syslinux/', '/syslinux/', '/'];

const CONFIG_KEEP_BYTES = 65_536;
const MOST_INCLUDES = 16;

type Loader = {
  readonly diary: Diary;
  readonly lease: Lease;
  readonly prefix: string;
  /** How many files were asked for. */
  requests: number;
};

/** Loads what the machine's own configuration names; the machine already runs PXELINUX. */
export function* walkLoader(rom: RomIdentity, lease: Lease, diary: Diary): Walking<Verdict> {
  const prefix = lease.pathPrefix ?? folderOf(lease.bootFile);
  const loader: Loader = { diary, lease, prefix, requests: 0 };
  const failed: Verdict = { ok: false, steps: diary.steps, lease, ended: 'failed' };

  const moduleNames = MODULE_FOLDERS.map((folder) => `${folder || prefix}ldlinux.c32`);
  if (!(yield* firstOf(loader, { step: 'loader-module', names: moduleNames }))) return failed;
  const found = yield* firstOf(loader, { step: 'config', names: configNames(rom, lease) });
  if (!found) return failed;
  const config = readSyslinux(yield* withIncludes(loader, directivesOf(found)));
  const verdict = { steps: diary.steps, lease, config: found.filename };
  const end = yield* walkEntry(loader, config, found.filename);
  return { ...verdict, ok: end !== 'failed', ended: end };
}

function configNames(rom: RomIdentity, lease: Lease): readonly string[] {
  const uuid = uuidFileName(rom.uuid);
  const client: LookupClient = {
    mac: rom.mac,
    ip: lease.ip,
    bootFile: lease.bootFile,
    ...(uuid !== undefined && { uuid }),
  };
  return pxelinuxLookups(client, {
    ...(lease.pathPrefix !== undefined && { prefix: lease.pathPrefix }),
    ...(lease.configFile !== undefined && { configFile: lease.configFile }),
  });
}

/** Octets in order, not as SMBIOS prints them; PXELINUX skips one whose type nibble is 0 or 15. */
function uuidFileName(uuid: Uint8Array): string | undefined {
  const hex = toHex(uuid);
  const type = (uuid[6] ?? 0) >>> 4;
  if (uuid.length !== 16 || type === 0 || type === 15) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Asks for one name after the other; the first that exists ends the search. */
function* firstOf(
  loader: Loader,
  search: { readonly step: StepName; readonly names: readonly string[] },
): Walking<FetchedFile | undefined> {
  const station = { step: search.step, since: loader.diary.clock.now };
  for (const [index, path] of search.names.entries()) {
    const fetched = yield* fetch(loader, { server: loader.lease.bootServer, path });
    if (fetched.ok) {
      const tried = index === 0 ? '' : `, number ${index + 1} of the names it looks for`;
      yield* report(loader.diary, station, { ok: true, detail: describeFile(fetched.value) + tried });
      return fetched.value;
    }
    if (fetched.why !== 'not-found') {
      yield* report(loader.diary, station, fetched);
      return undefined;
    }
  }
  const detail = `none of these exists: ${search.names.join(', ')}`;
  yield* report(loader.diary, station, { ok: false, why: 'not-found', detail });
  return undefined;
}

/** Puts each included file in the place of its line; one that is missing is passed over, as PXELINUX does. */
function* withIncludes(loader: Loader, directives: readonly Directive[]): Walking<Directive[]> {
  const todo = [...directives];
  const out: Directive[] = [];
  let includes = 0;
  for (let next = todo.shift(); next; next = todo.shift()) {
    const name = includedFile(next);
    const location = name === undefined ? undefined : locate(loader, name);
    if (!location || includes === MOST_INCLUDES) {
      out.push(next);
      continue;
    }
    includes++;
    const fetched = yield* fetch(loader, location);
    if (fetched.ok) todo.unshift(...directivesOf(fetched.value));
  }
  return out;
}

function* walkEntry(
  loader: Loader,
  { entry, ui }: SyslinuxConfig,
  configName: string,
): Walking<Verdict['ended']> {
  const station = { step: 'config', since: loader.diary.clock.now } as const;
  if (ui !== undefined && !(yield* load(loader, 'menu', ui))) return 'failed';
  if (!entry) {
    const detail = `${configName} names no DEFAULT: PXELINUX would wait at its prompt`;
    yield* report(loader.diary, station, { ok: false, why: 'no-default', detail });
    return 'failed';
  }
  if (entry.localBoot !== undefined) {
    const detail = `${entry.label}: LOCALBOOT ${entry.localBoot}, the machine goes on to its own disk`;
    yield* report(loader.diary, { ...station, step: 'local-boot' }, { ok: true, detail });
    return 'local-boot';
  }
  if (!(yield* load(loader, 'kernel', entry.kernel ?? entry.label))) return 'failed';
  for (const initrd of entry.initrds) if (!(yield* load(loader, 'initrd', initrd))) return 'failed';
  return 'kernel';
}

/** Loads one file that the configuration names. */
function* load(loader: Loader, step: StepName, name: string): Walking<boolean> {
  const station = { step, since: loader.diary.clock.now };
  const location = locate(loader, name);
  if (!location) {
    yield* report(loader.diary, station, { ok: false, why: 'not-tftp', detail: `${name} is not on TFTP` });
    return false;
  }
  const fetched = yield* fetch(loader, location);
  const outcome = fetched.ok ? { ok: true, detail: describeFile(fetched.value) } : fetched;
  yield* report(loader.diary, station, outcome);
  return fetched.ok;
}

function locate({ lease, prefix }: Loader, name: string): Location | undefined {
  return locateFile(name, { server: lease.bootServer, prefix });
}

function* fetch(loader: Loader, { server, path }: Location): Walking<Outcome<FetchedFile>> {
  const port = FIRST_PORT + (loader.requests++ % PORTS);
  return yield* run(
    createFetch(
      {
        server,
        filename: path,
        port,
        options: LOADER_OPTIONS,
        retryMs: LOADER_RETRY_MS,
        keepBytes: CONFIG_KEEP_BYTES,
      },
      loader.diary.clock.now,
    ),
  );
}

function directivesOf(file: FetchedFile): Directive[] {
  return parseSyslinux(latin1Decode(file.head));
}
