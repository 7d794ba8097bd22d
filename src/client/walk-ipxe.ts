/** iPXE's part: it asks for an address once more, as iPXE, and runs the script that it is sent to. */
import { archOf } from '../boot/arch-table.ts';
import { folderOf } from '../boot/lookups.ts';
import { latin1Decode } from '../lib/bytes.ts';
import { beside, locateUrl, nameOf, pathOf } from './file-location.ts';
import { runIpxe } from './ipxe-run.ts';
import type { RomIdentity } from './rom-identity.ts';
import { IPXE_MANNER, type Loaded, load, type Scene } from './scene.ts';
import { type Diary, type Location, report, type Verdict, type Walking } from './step.ts';

/** What iPXE leads to that is not iPXE's: the firmware's way from the start, and another boot file. */
export type Onward = {
  dhcp(rom: RomIdentity, diary: Diary): Walking<Verdict>;
  boot(scene: Scene, location: Location): Walking<Verdict>;
};

const SCRIPT_BYTES = 262_144;

/** Goes on as the iPXE of `location`. For UEFI it looks for autoexec.ipxe beside itself first (iPXE efi_autoexec.c). */
export function* walkIpxe(scene: Scene, location: Location, onward: Onward): Walking<Verdict> {
  const { rom, diary } = scene;
  if (archOf(rom.arch ?? 0).firmware === 'efi') {
    const own = beside(location, `${folderOf(pathOf(location))}autoexec.ipxe`);
    const since = diary.clock.now;
    const got = yield* load(scene, own, { manner: IPXE_MANNER, keepBytes: SCRIPT_BYTES });
    if (got.ok) {
      yield* report(diary, { step: 'config', since }, { ok: true, detail: got.value.detail });
      return yield* walkScript(scene, got.value, onward);
    }
  }
  return yield* onward.dhcp({ ...rom, firmware: 'ipxe', xid: (rom.xid + 1) >>> 0 }, diary);
}

/** Runs a script that came. */
export function* walkScript(scene: Scene, script: Loaded, onward: Onward): Walking<Verdict> {
  const { lease, diary } = scene;
  const since = diary.clock.now;
  const config = nameOf(script.location);
  const found = { steps: diary.steps, lease, config };
  const end = yield* runIpxe(scene, { text: latin1Decode(script.head), location: script.location });
  switch (end.kind) {
    case 'booted':
      return { ...found, ok: true, ended: 'kernel' };
    case 'chained': {
      const location = locateUrl(end.uri, true);
      if (location !== undefined && location !== 'no-url') {
        const verdict = yield* onward.boot(scene, location);
        return { ...verdict, config: verdict.config ?? config };
      }
      yield* report(diary, { step: 'config', since }, { ok: false, why: 'url-unusable', detail: end.uri });
      return { ...found, ok: false, ended: 'failed' };
    }
    case 'local':
      yield* report(diary, { step: 'local-boot', since }, { ok: true, detail: end.detail });
      return { ...found, ok: true, ended: 'local-boot' };
    case 'stuck':
      yield* report(
        diary,
        { step: 'config', since },
        { ok: false, why: end.why, detail: `${config}: ${end.detail}` },
      );
      return { ...found, ok: false, ended: 'failed' };
    case 'failed':
      return { ...found, ok: false, ended: 'failed' };
  }
}
