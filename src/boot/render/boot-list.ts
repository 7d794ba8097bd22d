import type { KernelProfile, LoaderProfile, LocalProfile, Profile } from '../profile.ts';
import { type BootPolicy, profileNamed } from '../selection.ts';
import { profileFor, type TemplateValues } from '../template.ts';

/** One line that can be booted: no menu any more, placeholders filled. */
export type BootEntry = {
  /** Unique in its list, made of letters, digits, `_`, `.` and `-`. */
  readonly label: string;
  readonly title: string;
  readonly profile: KernelProfile | LoaderProfile | LocalProfile;
};

/** What a loader is told: one entry that boots by itself, or a menu. */
export type BootList = {
  /** Of the menu; absent = there is no choice, the one entry boots. */
  readonly menu?: { readonly title: string /** 0 = wait for ever. */; readonly timeoutSeconds: number };
  readonly entries: readonly BootEntry[];
  /** Of the entry that boots by itself. */
  readonly defaultLabel: string;
};

/**
 * The list of a profile: menus within menus become lines of the outer one, for not every loader has submenus. undefined
 * when there is nothing in it.
 */
export function bootListOf(
  profile: Profile,
  profiles: BootPolicy['profiles'],
  values: TemplateValues,
): BootList | undefined {
  const entries = labelled(flatten(profile, { profiles, path: [], prefix: '' }), values);
  const first = entries[0];
  if (!first) return undefined;
  if (profile.kind !== 'menu') return { entries, defaultLabel: first.label };
  const wanted = profile.default;
  const chosen = entries.find(({ profile: { name } }) => name === wanted);
  return {
    menu: { title: profile.title ?? profile.name, timeoutSeconds: profile.timeoutSeconds },
    entries,
    defaultLabel: (chosen ?? first).label,
  };
}

type Bootable = { readonly title: string; readonly profile: BootEntry['profile'] };

type Place = {
  readonly profiles: BootPolicy['profiles'];
  /** Menus on the way here: none is opened twice. */
  readonly path: readonly string[];
  readonly prefix: string;
};

function flatten(profile: Profile, { profiles, path, prefix }: Place, title?: string): Bootable[] {
  const shown = prefix + (title ?? profile.title ?? profile.name);
  if (profile.kind !== 'menu') return [{ title: oneLine(shown), profile }];
  if (path.includes(profile.name)) return [];
  return profile.entries.flatMap((line) => {
    const next = profileNamed(profiles, line.profile);
    if (!next || next.instead !== undefined) return [];
    const inner = { profiles, path: [...path, profile.name], prefix: path.length === 0 ? '' : `${shown}: ` };
    return flatten(next, inner, line.title);
  });
}

/** The same profile may stand in a menu twice, under two titles. */
function labelled(list: readonly Bootable[], values: TemplateValues): BootEntry[] {
  const taken = new Set<string>();
  return list.map(({ title, profile }) => {
    const name = profile.name.replace(/[^\w.-]/g, '_');
    let label = name;
    for (let copy = 2; taken.has(label.toLowerCase()); copy++) label = `${name}-${copy}`;
    taken.add(label.toLowerCase());
    return { label, title, profile: profileFor(profile, values) as BootEntry['profile'] };
  });
}

/** Text that ends no line: whatever would becomes a blank. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
