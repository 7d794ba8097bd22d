import { didYouMean } from '../lib/near.ts';
import { isBroken, placeholdersOf } from '../lib/placeholder.ts';
import type { Finding, Path } from './load.ts';
import type { ProfileConfig } from './profile-schema.ts';
import type { Config } from './schema.ts';

/** Those of src/boot/template.ts. */
export const VALUES = [
  'mac',
  'mac-hyp',
  'ip',
  'hex-ip',
  'uuid',
  'hostname',
  'next-server',
  'http',
  'serial',
  'tags',
] as const;

/** Those that may stand in a path. */
export const PATH_VALUES = ['mac-hyp', 'ip', 'hex-ip', 'uuid', 'hostname'] as const;

/** There without being configured. */
const LOCAL = 'local';

const KINDS = ['kernel', 'loader', 'local', 'menu'] as const;

/** Keys that mean something for one kind of profile alone. */
const OWN_KEYS: readonly {
  readonly of: readonly string[];
  readonly keys: readonly (keyof ProfileConfig)[];
}[] = [
  { of: ['kernel'], keys: ['initrd', 'args', 'fdtdir'] },
  { of: ['menu'], keys: ['timeout', 'default'] },
  { of: ['kernel', 'loader'], keys: ['once', 'then', 'done'] },
];

/** Profiles that cannot be booted, that lead in circles, and names of profiles that there are not. */
export function checkProfiles(config: Config): Finding[] {
  const { profiles } = config;
  return [
    ...Object.entries(profiles).flatMap(([name, profile]) => checkProfile(name, profile)),
    ...checkNames(config),
    ...checkSelectors(config),
    ...checkCase(Object.keys(profiles)),
    ...circles(profiles, 'menu', (profile) => (profile.menu ?? []).map((line) => line.profile)),
    ...circles(profiles, 'then', (profile) => (leadsOn(profile) ? [profile.then ?? LOCAL] : [])),
  ];
}

function checkProfile(name: string, profile: ProfileConfig): Finding[] {
  const at = ['profiles', name];
  const kinds = KINDS.filter((kind) => profile[kind] !== undefined);
  const kind = kinds[0];
  if (kind === undefined) return [{ path: at, message: `needs one of ${KINDS.join(', ')}` }];
  if (kinds.length > 1) return [{ path: at, message: `has ${kinds.join(' and ')}: one of them is enough` }];
  const strangers = OWN_KEYS.filter(({ of }) => !of.includes(kind)).flatMap(({ keys, of }) =>
    keys
      .filter((key) => profile[key] !== undefined)
      .map((key) => ({ path: [...at, key], message: `is for profiles with a ${of.join(' or a ')}` })),
  );
  if (name === LOCAL && kind !== 'local') {
    strangers.push({ path: at, message: 'is the machine’s own disk: choose another name for this profile' });
  }
  return [
    ...strangers,
    ...checkOnce(profile, at),
    ...checkDefault(profile, at),
    ...checkPlaceholders(profile, at),
  ];
}

function leadsOn({ once }: ProfileConfig): boolean {
  return once !== undefined && once !== 'always';
}

function checkOnce(profile: ProfileConfig, at: Path): Finding[] {
  const { once, then, done } = profile;
  const found: Finding[] = [];
  if (then !== undefined && !leadsOn(profile)) {
    found.push({ path: [...at, 'then'], message: 'never comes: say once: until-fetched or until-reported' });
  }
  if (done !== undefined && once !== 'until-reported') {
    found.push({ path: [...at, 'done'], message: 'is not waited for: say once: until-reported' });
  }
  if (done?.includes('${')) {
    found.push({ path: [...at, 'done'], message: 'is one file for all machines: no placeholders' });
  }
  return found;
}

function checkDefault({ menu, default: wanted }: ProfileConfig, at: Path): Finding[] {
  if (menu === undefined || wanted === undefined) return [];
  const names = menu.map((line) => line.profile);
  if (names.includes(wanted)) return [];
  return [{ path: [...at, 'default'], message: `is no line of this menu${didYouMean(wanted, names)}` }];
}

function checkPlaceholders(profile: ProfileConfig, at: Path): Finding[] {
  const { kernel, initrd, loader, fdtdir, args } = profile;
  const paths: { readonly text: string | undefined; readonly path: Path }[] = [
    { text: kernel, path: [...at, 'kernel'] },
    ...(initrd ?? []).map((text, i) => ({ text, path: [...at, 'initrd', i] })),
    { text: fdtdir, path: [...at, 'fdtdir'] },
    { text: loader, path: [...at, 'loader'] },
  ];
  return [
    ...paths.flatMap(({ text, path }) => checkText(text, path, PATH_VALUES)),
    ...checkText(args, [...at, 'args'], VALUES),
  ];
}

function checkText(text: string | undefined, path: Path, allowed: readonly string[]): Finding[] {
  if (text === undefined) return [];
  if (isBroken(text)) return [{ path, message: 'has a ${ that is not closed' }];
  return placeholdersOf(text)
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      path,
      message: (VALUES as readonly string[]).includes(name)
        ? `\${${name}} cannot stand in a path; those that can are ${allowed.join(', ')}`
        : `no such value: \${${name}}${didYouMean(name, allowed, `; there are ${allowed.join(', ')}`)}`,
    }));
}

/** Every place that names a profile. What hosts and networks have of a template is told there, once. */
function checkNames(config: Config): Finding[] {
  const { profiles, networks, hosts, rules, templates } = config;
  const known = [...Object.keys(profiles), LOCAL];
  const ofTemplates = new Set(Object.values(templates).map(({ profile }) => profile));
  const uses: { readonly name: string | undefined; readonly path: Path; readonly inherits?: boolean }[] = [
    { name: config.profile, path: ['profile'] },
    ...Object.entries(templates).map(([key, { profile: name }]) => ({
      name,
      path: ['templates', key, 'profile'],
    })),
    ...hosts.map(({ profile: name }, i) => ({ name, path: ['hosts', i, 'profile'], inherits: true })),
    ...networks.map(({ profile: name }, i) => ({ name, path: ['networks', i, 'profile'], inherits: true })),
    ...rules.map(({ then }, i) => ({ name: then.profile, path: ['rules', i, 'then', 'profile'] })),
    ...Object.entries(profiles).flatMap(([key, { then, menu }]) => [
      { name: then, path: ['profiles', key, 'then'] },
      ...(menu ?? []).map((line, i) => ({ name: line.profile, path: ['profiles', key, 'menu', i] })),
    ]),
  ];
  return uses.flatMap(({ name, path, inherits }) => {
    if (name === undefined || known.includes(name) || (inherits && ofTemplates.has(name))) return [];
    return [{ path, message: `no such profile${didYouMean(name, known)}` }];
  });
}

/** What of option 60 is known of a machine later: what it is, not which version of it. */
const KNOWN_CLASS = /^((PXE|HTTP)Client(:Arch:\d{5})?|U-Boot)$/;

/**
 * A profile is for all of a boot, and chosen as the firmware is: what only a later stage says cannot decide about it, nor what
 * nobody remembers of the firmware once a loader asks.
 */
function checkSelectors({ rules, hosts }: Config): Finding[] {
  const stage = 'is of one stage; a profile is for all of a boot, and chosen for the firmware';
  const forgotten = 'is not known any more when a loader asks what its profile is: use mac or uuid';
  const ofRules = rules.flatMap(({ match, then }, i): Finding[] => {
    if (then.profile === undefined) return [];
    const at = ['rules', i, 'match'];
    const versions = (match['vendor-class'] ?? []).filter((name) => !KNOWN_CLASS.test(name));
    return [
      ...(match.stage && !match.stage.includes('firmware')
        ? [{ path: [...at, 'stage'], message: stage }]
        : []),
      ...(match['user-class'] ? [{ path: [...at, 'user-class'], message: stage }] : []),
      ...(match['client-id'] ? [{ path: [...at, 'client-id'], message: forgotten }] : []),
      ...versions.map(() => ({
        path: [...at, 'vendor-class'],
        message:
          'of a rule with a profile is PXEClient or HTTPClient, with or without :Arch:00000, or U-Boot',
      })),
    ];
  });
  const ofHosts = hosts.flatMap((host, i): Finding[] =>
    host.profile !== undefined && host['client-id'] !== undefined
      ? [{ path: ['hosts', i, 'client-id'], message: forgotten }]
      : [],
  );
  return [...ofRules, ...ofHosts];
}

/** To SYSLINUX labels of different case are one. */
function checkCase(names: readonly string[]): Finding[] {
  const seen = new Map<string, string>();
  return names.flatMap((name): Finding[] => {
    const lower = name.toLowerCase();
    const other = seen.get(lower) ?? (lower === LOCAL && name !== LOCAL ? LOCAL : undefined);
    seen.set(lower, name);
    if (other === undefined) return [];
    return [{ path: ['profiles', name], message: `differs from ${other} by its case alone` }];
  });
}

/** Profiles that lead back to themselves, each circle told of once, at its first profile. */
function circles(
  profiles: Config['profiles'],
  key: 'menu' | 'then',
  nextOf: (profile: ProfileConfig) => readonly string[],
): Finding[] {
  const told = new Set<string>();
  return Object.keys(profiles).flatMap((start): Finding[] => {
    if (told.has(start)) return [];
    const circle = circleFrom(start, (name) => {
      const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
      return profile ? nextOf(profile) : [];
    });
    if (!circle) return [];
    for (const name of circle) told.add(name);
    return [{ path: ['profiles', start, key], message: `leads back to itself: ${circle.join(' -> ')}` }];
  });
}

/** The shortest way from `start` back to it, both included. */
function circleFrom(
  start: string,
  nextOf: (name: string) => readonly string[],
): readonly string[] | undefined {
  const ways = new Map<string, readonly string[]>([[start, [start]]]);
  const open = [start];
  for (const name of open) {
    for (const next of nextOf(name)) {
      const way = [...ways.get(name)!, next];
      if (next === start) return way;
      if (ways.has(next)) continue;
      ways.set(next, way);
      open.push(next);
    }
  }
  return undefined;
}
