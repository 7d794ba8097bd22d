/** GRUB's part: its configuration, and what the entry loads that boots without a key press; shim's before it. */
import { archOf } from '../boot/arch-table.ts';
import { searchOf } from '../boot/loader-names.ts';
import { folderOf } from '../boot/lookups.ts';
import { SECOND_STAGES } from '../boot/tree-rules-table.ts';
import { latin1Decode, latin1Encode } from '../lib/bytes.ts';
import { beside, nameOf, pathOf } from './file-location.ts';
import { createGrub, type GrubEnd } from './grub-run.ts';
import { createMarks, GRUB_BUILT_IN, type Marks } from './loader-marks.ts';
import { checkBootFile, PROGRAM_HEAD_BYTES } from './program-check.ts';
import { GRUB_MANNER, type Loaded, load, loadStation, type Scene, UEFI_MANNER } from './scene.ts';
import { type Location, report, type Verdict, type Walking } from './step.ts';
import { uuidFileName } from './uuid-name.ts';

const WANTED = { manner: GRUB_MANNER, keepBytes: 262_144 } as const;

/** shim loads the second stage that lies beside it (shim netboot.c). */
export function* walkShim(scene: Scene, location: Location): Walking<Verdict> {
  const { rom, lease, diary } = scene;
  const name = SECOND_STAGES[archOf(rom.arch ?? 0).cpu] ?? 'grubx64.efi';
  const second = beside(location, folderOf(pathOf(location).replaceAll('\\', '/')) + name);
  const marks = createMarks();
  const loaded = yield* loadStation(scene, {
    step: 'second-stage',
    location: second,
    wanted: { manner: UEFI_MANNER, keepBytes: PROGRAM_HEAD_BYTES, onData: marks.look },
    check: (file) => checkBootFile(rom, file),
  });
  if (!loaded) return { ok: false, steps: diary.steps, lease, ended: 'failed' };
  return yield* walkGrub(scene, { location: second, marks });
}

/** Goes on as the GRUB of `location`; `marks` tell what is built into it. */
export function* walkGrub(
  scene: Scene,
  { location, marks }: { readonly location: Location; readonly marks: Marks },
): Walking<Verdict> {
  const { lease, diary } = scene;
  const failed: Verdict = { ok: false, steps: diary.steps, lease, ended: 'failed' };
  const found = yield* findConfig(scene, location, marks);
  if (!found) return failed;
  const config = nameOf(found.location);
  const since = diary.clock.now;
  const end: GrubEnd = yield* createGrub(scene, found.location).run(latin1Decode(found.head));
  if (end.kind === 'failed') return { ...failed, config };
  if (end.kind === 'stuck') {
    yield* report(
      diary,
      { step: 'config', since },
      { ok: false, why: 'no-entry', detail: `${config}: ${end.detail}` },
    );
    return { ...failed, config };
  }
  if (end.kind === 'local') {
    yield* report(diary, { step: 'local-boot', since }, { ok: true, detail: end.detail });
    return { ok: true, steps: diary.steps, lease, config, ended: 'local-boot' };
  }
  return { ok: true, steps: diary.steps, lease, config, ended: 'kernel' };
}

function* findConfig(scene: Scene, location: Location, marks: Marks): Walking<Loaded | undefined> {
  const { diary } = scene;
  const station = { step: 'config', since: diary.clock.now } as const;
  const names = configNames(scene, location, marks);
  for (const [index, name] of names.entries()) {
    const got = yield* load(scene, beside(location, `/${name}`), WANTED);
    if (got.ok) {
      const tried = index === 0 ? '' : `, number ${index + 1} of the names it looks for`;
      const { detail, sizeBytes } = got.value;
      yield* report(diary, station, { ok: true, detail: detail + tried, sizeBytes });
      return got.value;
    }
    if (got.why !== 'not-found') {
      yield* report(diary, station, got);
      return undefined;
    }
  }
  const detail = `none of these exists: ${names.join(', ')}`;
  yield* report(diary, station, { ok: false, why: 'not-found', detail });
  return undefined;
}

/** GRUB knows a UUID only when the reply echoed option 97 (grub-core/net/net.c); by HTTP it looks for grub.cfg alone. */
function configNames({ rom, lease }: Scene, location: Location, marks: Marks): readonly string[] {
  const uuid = lease.echoesUuid ? uuidFileName(rom.uuid) : undefined;
  const builtIn = GRUB_BUILT_IN.filter((words) => marks.has(words)).join('\n');
  const path = pathOf(location).replaceAll('\\', '/');
  const known = /(^|\/)(grub[^/]*\.efi(\.signed)?|core\.(efi|0))$/i.test(path);
  const search = searchOf({
    mac: rom.mac,
    ip: lease.ip,
    // Whatever it is called, it is GRUB.
    bootFile: known ? path : `${folderOf(path)}grubx64.efi`,
    arch: archOf(rom.arch ?? 0),
    isUBoot: false,
    ...(uuid !== undefined && { uuid }),
    ...(builtIn !== '' && { grubImage: latin1Encode(builtIn) }),
  });
  const names = search?.names ?? [];
  return 'url' in location ? names.filter((name) => name.endsWith('grub.cfg')) : names;
}
