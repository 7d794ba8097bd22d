/** PXELINUX's part, and that of its brother for UEFI: the core module, the configuration, and what that says to load. */
import { archOf } from '../boot/arch-table.ts';
import { folderOf, type LookupClient, pxelinuxLookups } from '../boot/lookups.ts';
import {
  type Directive,
  includedFile,
  parseSyslinux,
  readSyslinux,
  type SyslinuxConfig,
} from '../boot/syslinux-config.ts';
import { latin1Decode } from '../lib/bytes.ts';
import { locateFile, locateUrl, nameOf } from './file-location.ts';
import {
  checkContent,
  checkCoreModule,
  checkKernel,
  PROGRAM_HEAD_BYTES,
  type Problem,
} from './program-check.ts';
import type { RomIdentity } from './rom-identity.ts';
import { type Loaded, load, loadStation, PXELINUX_MANNER, type Scene } from './scene.ts';
import { type Location, report, type StepName, type Verdict, type Walking } from './step.ts';
import { uuidFileName } from './uuid-name.ts';

/** Where PXELINUX 6 looks for its core module: beside itself, then here (syslinux core/fs/pxe). */
const MODULE_FOLDERS = ['', '/boot/isolinux/', '/isolinux/', '/boot/syslinux/', '/syslinux/', '/'];

const WANTED = { manner: PXELINUX_MANNER, keepBytes: 65_536 } as const;
const WANTED_PROGRAM = { manner: PXELINUX_MANNER, keepBytes: PROGRAM_HEAD_BYTES } as const;
const MOST_INCLUDES = 16;

type Loader = {
  readonly scene: Scene;
  readonly prefix: string;
  /** lpxelinux.0 and syslinux.efi know it. */
  readonly http: boolean;
};

/** Loads what the machine's own configuration names; the machine already runs the loader of `location`. */
export function* walkLoader(scene: Scene, location: Location): Walking<Verdict> {
  const { lease, diary, rom } = scene;
  const own = nameOf(location);
  const base = own.slice(folderOf(own).length).toLowerCase();
  const loader: Loader = { scene, prefix: lease.pathPrefix ?? folderOf(own), http: base !== 'pxelinux.0' };
  const failed: Verdict = { ok: false, steps: diary.steps, lease, ended: 'failed' };

  const module = coreModuleOf(rom, base);
  const moduleNames = MODULE_FOLDERS.map((folder) => `${folder || loader.prefix}${module}`);
  const search = { step: 'loader-module', names: moduleNames, check: checkCoreModule } as const;
  if (!(yield* firstOf(loader, search))) return failed;
  const found = yield* firstOf(loader, { step: 'config', names: configNames(loader, own) });
  if (!found) return failed;
  const config = readSyslinux(yield* withIncludes(loader, directivesOf(found)));
  const name = nameOf(found.location);
  const end = yield* walkEntry(loader, config, name);
  return { steps: diary.steps, lease, config: name, ok: end !== 'failed', ended: end };
}

/** For the processor that the loader runs on (syslinux core/elflink). */
function coreModuleOf(rom: RomIdentity, base: string): string {
  if (!base.endsWith('.efi')) return 'ldlinux.c32';
  return archOf(rom.arch ?? 0).cpu === 'x86' ? 'ldlinux.e32' : 'ldlinux.e64';
}

function configNames({ scene, prefix }: Loader, bootFile: string): readonly string[] {
  const { rom, lease } = scene;
  const uuid = uuidFileName(rom.uuid);
  const client: LookupClient = { mac: rom.mac, ip: lease.ip, bootFile, ...(uuid !== undefined && { uuid }) };
  return pxelinuxLookups(client, {
    prefix,
    ...(lease.configFile !== undefined && { configFile: lease.configFile }),
  });
}

type Search = {
  readonly step: StepName;
  readonly names: readonly string[];
  /** What is wrong with the file that was found. */
  readonly check?: (file: Loaded) => Problem | undefined;
};

/** Asks for one name after the other; the first that exists ends the search. */
function* firstOf(loader: Loader, search: Search): Walking<Loaded | undefined> {
  const { diary } = loader.scene;
  const station = { step: search.step, since: diary.clock.now };
  for (const [index, name] of search.names.entries()) {
    const location = located(loader, name);
    const fetched = yield* load(loader.scene, location, WANTED);
    const problem = fetched.ok ? search.check?.(fetched.value) : undefined;
    if (problem) {
      const { why, detail } = problem;
      yield* report(diary, station, { ok: false, why, detail: `${nameOf(location)}: ${detail}` });
      return undefined;
    }
    if (fetched.ok) {
      const tried = index === 0 ? '' : `, number ${index + 1} of the names it looks for`;
      const { detail, sizeBytes } = fetched.value;
      yield* report(diary, station, { ok: true, detail: detail + tried, sizeBytes });
      return fetched.value;
    }
    if (fetched.why !== 'not-found') {
      yield* report(diary, station, fetched);
      return undefined;
    }
  }
  const detail = `none of these exists: ${search.names.join(', ')}`;
  yield* report(diary, station, { ok: false, why: 'not-found', detail });
  return undefined;
}

/** A name of the search, which has its prefix already. */
function located({ scene, http }: Loader, name: string): Location {
  const url = locateUrl(name, http);
  return url === undefined || url === 'no-url' ? { server: scene.lease.bootServer, path: name } : url;
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
    const fetched = yield* load(loader.scene, location, WANTED);
    if (fetched.ok) todo.unshift(...directivesOf(fetched.value));
  }
  return out;
}

function* walkEntry(
  loader: Loader,
  { entry, ui }: SyslinuxConfig,
  configName: string,
): Walking<Verdict['ended']> {
  const station = { step: 'config', since: loader.scene.diary.clock.now } as const;
  if (ui !== undefined && !(yield* loadNamed(loader, 'menu', ui))) return 'failed';
  if (!entry) {
    const detail = `${configName} names no DEFAULT: PXELINUX would wait at its prompt`;
    yield* report(loader.scene.diary, station, { ok: false, why: 'no-default', detail });
    return 'failed';
  }
  if (entry.localBoot !== undefined) {
    const detail = `${entry.label}: LOCALBOOT ${entry.localBoot}, the machine goes on to its own disk`;
    yield* report(loader.scene.diary, { ...station, step: 'local-boot' }, { ok: true, detail });
    return 'local-boot';
  }
  if (!(yield* loadNamed(loader, 'kernel', entry.kernel ?? entry.label))) return 'failed';
  for (const initrd of entry.initrds) if (!(yield* loadNamed(loader, 'initrd', initrd))) return 'failed';
  return 'kernel';
}

/** Loads one file that the configuration names. */
function* loadNamed(loader: Loader, step: StepName, name: string): Walking<boolean> {
  const { diary } = loader.scene;
  const location = locate(loader, name);
  if (!location) {
    const detail = `${name} is neither on TFTP nor where this loader could get it`;
    yield* report(diary, { step, since: diary.clock.now }, { ok: false, why: 'not-tftp', detail });
    return false;
  }
  const check = step === 'kernel' ? checkKernel : checkContent;
  const loaded = yield* loadStation(loader.scene, { step, location, wanted: WANTED_PROGRAM, check });
  return loaded !== undefined;
}

function locate({ scene, prefix, http }: Loader, name: string): Location | undefined {
  return locateFile(name, { server: scene.lease.bootServer, prefix, http });
}

function directivesOf(file: Loaded): Directive[] {
  return parseSyslinux(latin1Decode(file.head));
}
