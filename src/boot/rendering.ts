import { type ConfigName, isNameOf } from './config-name.ts';
import type { BootProgress } from './install-once.ts';
import { type BootMachine, isUBoot } from './machine.ts';
import type { Profile } from './profile.ts';
import { type BootList, bootListOf, oneLine } from './render/boot-list.ts';
import { renderGrub } from './render/grub.ts';
import { ITS_SERIAL, renderIpxe } from './render/ipxe.ts';
import { renderSyslinux, type SyslinuxDialect } from './render/pxelinux.ts';
import { type BootPolicy, type Selection, selectProfile } from './selection.ts';
import type { FileExists } from './settings.ts';
import { profileFor, type TemplateValues, valuesOf } from './template.ts';

export { type ConfigName, configNameOf } from './config-name.ts';

/** The configuration of a loader, made for one machine and never written to the tree. */
export type Rendered = {
  readonly text: string;
  /** The name of the profile in it. */
  readonly profile: string;
  /** That profile with its placeholders filled, and without the files that this loader cannot be told. */
  readonly given: Profile;
  /** Why this one, and what could not be told to this loader. */
  readonly reason: string;
};

export type RenderContext = {
  readonly policy: BootPolicy;
  /** What is known of the machine's installations. */
  readonly progress?: BootProgress | undefined;
  /** The boot root: is menu.c32 there? */
  readonly exists?: FileExists | undefined;
};

/** Chooses the machine's profile and renders it; undefined when it has none, or the name is another machine's. */
export function renderFor(
  name: ConfigName,
  machine: BootMachine,
  { policy, progress, exists }: RenderContext,
): Rendered | undefined {
  if (!isNameOf(name, machine)) return undefined;
  const selection = selectProfile(machine, policy, progress);
  return render(name, { machine, policy, selection, exists });
}

/**
 * The text that a loader gets under a name of its machine: under the first it asks for, so that it looks no further.
 * undefined when no profile is selected, or the name is another machine's.
 */
export function render(
  name: ConfigName,
  about: {
    readonly machine: BootMachine;
    readonly policy: BootPolicy;
    readonly selection: Selection;
    readonly exists?: FileExists | undefined;
  },
): Rendered | undefined {
  const { machine, policy, selection, exists } = about;
  const { profile, tags, nextServer, hostname } = selection;
  if (!profile || !isNameOf(name, machine)) return undefined;
  const { http } = policy;
  const named = hostname === undefined ? machine : { ...machine, hostname };
  const known = valuesOf(named, { nextServer, tags, ...(http !== undefined && { http }) });
  const values = name.loader === 'ipxe' ? { ...known, serial: ITS_SERIAL } : known;
  const list = bootListOf(profile, policy.profiles, values);
  if (!list) return undefined;
  const { text, left } = textOf(name, list, { machine, values, exists });
  const reason = [selection.reason, ...left].join('; ');
  return {
    text: withNote(text, `for ${machine.mac}, ${reason}`),
    profile: profile.name,
    given: givenBy(profileFor(profile, values), name, machine),
    reason,
  };
}

function givenBy(profile: Profile, name: ConfigName, machine: BootMachine): Profile {
  if (profile.kind !== 'kernel' || (name.loader !== 'pxelinux' && name.loader !== 'u-boot')) return profile;
  return dialectOf(name, machine) === 'u-boot'
    ? { ...profile, initrds: profile.initrds.slice(0, 1) }
    : profile;
}

type Seen = {
  readonly machine: BootMachine;
  readonly values: TemplateValues;
  readonly exists: FileExists | undefined;
};

/** `left`: what of the profile this loader cannot be told. */
function textOf(
  name: ConfigName,
  list: BootList,
  { machine, values, exists }: Seen,
): { readonly text: string; readonly left: readonly string[] } {
  switch (name.loader) {
    case 'grub':
      return { text: renderGrub(list), left: [] };
    case 'ipxe':
      return { text: renderIpxe(list, { values, early: name.early === true }), left: [] };
    case 'pxelinux':
    case 'u-boot': {
      const { folder } = name;
      const dialect = dialectOf(name, machine);
      const hasMenu = exists !== undefined && hasMenuProgram(folder, machine, exists);
      return {
        text: renderSyslinux(list, { dialect, folder, hasMenu }),
        left: dialect === 'u-boot' ? list.entries.flatMap(leftOut) : [],
      };
    }
  }
}

/**
 * Who asks for PXELINUX's names: told by what DHCP said of the machine. GRUB's and syslinux.efi's own DHCP says nothing,
 * but what the firmware said is remembered.
 */
function dialectOf({ loader }: ConfigName, machine: BootMachine): SyslinuxDialect {
  const { arch, kind } = machine;
  if (loader === 'u-boot' || isUBoot(machine)) return 'u-boot';
  return kind === 'pxe' || kind === 'http' || arch?.firmware === 'bios' || arch?.firmware === 'efi'
    ? 'pxelinux'
    : 'either';
}

/**
 * menu.c32 and what it needs, of the loader's own kind: those for BIOS and for UEFI have the same names, and one that is not
 * the loader's leaves it at a prompt for ever. In a folder with BIOS's core module they are taken for BIOS's.
 */
function hasMenuProgram(folder: string, { arch }: BootMachine, exists: FileExists): boolean {
  const has = (name: string) => exists(folder + name);
  if (!has('menu.c32') || !has('libutil.c32')) return false;
  const isForBios = has('ldlinux.c32') || !(has('ldlinux.e64') || has('ldlinux.e32'));
  return (arch?.firmware === 'bios' && isForBios) || (arch?.firmware === 'efi' && !isForBios);
}

function leftOut({ profile }: BootList['entries'][number]): string[] {
  if (profile.kind !== 'kernel' || profile.initrds.length < 2) return [];
  return [`U-Boot takes one initrd: ${profile.initrds.slice(1).join(', ')} left out`];
}

/** A line for people, behind `#!ipxe` where that must come first. All four languages have comments of this form. */
function withNote(text: string, note: string): string {
  const line = `# pxed: ${oneLine(note).replaceAll('${', '$')}\n`;
  const head = '#!ipxe\n';
  return text.startsWith(head) ? head + line + text.slice(head.length) : line + text;
}
