import { DONE_FILE, LOCAL_PROFILE, type OncePolicy, type Profile } from '../boot/profile.ts';
import type { BootPolicy } from '../boot/selection.ts';
import type { ProfileConfig } from '../config/profile-schema.ts';
import type { Config } from '../config/schema.ts';
import { saidOf } from '../dhcp/machine-terms.ts';
import { planDhcp } from '../dhcp/plan.ts';
import type { DhcpSettings, Link } from '../dhcp/settings.ts';
import { dhcpSettingsOf } from './dhcp-settings.ts';
import type { Setup } from './setup.ts';

/** What is known of the machine that serves; `settings` where DHCP or BOOTP is served, too. */
export type ServingFacts = { readonly settings?: DhcpSettings | undefined; readonly links: readonly Link[] };

/**
 * What machines boot, of a setup. undefined when it has no profiles: then nothing is rendered. Hosts, rules and networks
 * are those of DHCP, and are asked by its own code, so that both say the same; where no DHCP is served they count all the
 * same.
 */
export function bootPolicyOf(setup: Setup, { settings, links }: ServingFacts): BootPolicy | undefined {
  const profiles = profilesOf(setup.config);
  if (profiles.size === 0 && !namesProfile(setup.config)) return undefined;
  const addressed = links.filter(({ addresses }) => addresses.length > 0);
  const known = addressed.length > 0 ? addressed : [NOWHERE];
  const told = settings ?? dhcpSettingsOf(setup, known, '');
  const view = { plan: planDhcp(told, known), links: known };
  const http = told.boot.httpUrl;
  return { profiles, said: (machine) => saidOf(machine, view), ...(http !== undefined && { http }) };
}

/** Files served on all interfaces, without a network of our own. */
const NOWHERE: Link = { name: '', index: 0, mac: '', mtu: 1500, addresses: [{ ip: 0, length: 32 }] };

/** `profile: local` takes no profile of one's own. */
function namesProfile({ profile, hosts, rules, networks }: Config): boolean {
  const circles = [...hosts, ...networks, ...rules.map(({ then }) => then)];
  return profile !== undefined || circles.some((circle) => circle.profile !== undefined);
}

/** The profiles of a configuration, which has passed its checks, by name. */
export function profilesOf({ profiles }: Pick<Config, 'profiles'>): ReadonlyMap<string, Profile> {
  return new Map(Object.entries(profiles).map(([name, given]) => [name, profileOf(name, given)]));
}

/** What `timeout` is when it is left out. */
const MENU_SECONDS = 10;

function profileOf(name: string, given: ProfileConfig): Profile {
  const { title, kernel, loader, menu, args, fdtdir } = given;
  const instead = given.once === 'never' ? (given.then ?? LOCAL_PROFILE.name) : undefined;
  const named = {
    name,
    ...(title !== undefined && { title }),
    ...(instead !== undefined && { instead }),
  };
  const once = onceOf(given);
  if (kernel !== undefined) {
    return {
      ...named,
      kind: 'kernel',
      kernel,
      initrds: given.initrd ?? [],
      args: args ?? '',
      ...(fdtdir !== undefined && { fdtdir }),
      ...(once && { once }),
    };
  }
  if (loader !== undefined) return { ...named, kind: 'loader', file: loader, ...(once && { once }) };
  if (menu === undefined) return { ...named, kind: 'local', title: title ?? 'Local disk' };
  return {
    ...named,
    kind: 'menu',
    entries: menu.map((line) => ({
      profile: line.profile,
      ...(line.title !== undefined && { title: line.title }),
    })),
    timeoutSeconds: given.timeout ?? MENU_SECONDS,
    ...(given.default !== undefined && { default: given.default }),
  };
}

function onceOf({ once, then, done }: ProfileConfig): OncePolicy | undefined {
  if (once !== 'until-fetched' && once !== 'until-reported') return undefined;
  return {
    until: once === 'until-fetched' ? 'fetched' : 'reported',
    done: done ?? DONE_FILE,
    // biome-ignore lint/suspicious/noThenProperty: "once … then …"; nobody awaits a policy.
    then: then ?? LOCAL_PROFILE.name,
  };
}
