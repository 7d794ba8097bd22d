import type { Ipv4 } from '../lib/ipv4.ts';
import { afterOnce, type BootProgress } from './install-once.ts';
import type { BootMachine } from './machine.ts';
import { LOCAL_PROFILE, type Profile } from './profile.ts';

/** What the configuration says of one machine: the nearest of host, rule, network and all networks that names a profile. */
export type Said = {
  readonly profile?: string;
  /** Who named it: `hosts`, `rules[2]`, `networks 10.0.0.0/24`, `default`. */
  readonly from?: string;
  readonly tags: readonly string[];
  /** What its entry in hosts calls it. */
  readonly hostname?: string;
  /** The server that it gets its files of. */
  readonly nextServer: Ipv4;
  /** Rules that were looked at, a line each. */
  readonly trace: readonly string[];
};

/** All that decides about what a machine boots, made ready once; a reload makes a new one. */
export type BootPolicy = {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly said: (machine: BootMachine) => Said;
  /** Where the boot root can be had by HTTP; may hold `${next-server}`. */
  readonly http?: string;
};

export type Selection = {
  /** Absent: none is configured for this machine. */
  readonly profile?: Profile;
  /** One line for people: `profile debian by rules[2]`. */
  readonly reason: string;
  readonly trace: readonly string[];
  readonly tags: readonly string[];
  /** What the configuration calls the machine, whatever it says itself. */
  readonly hostname?: string;
  readonly nextServer: Ipv4;
};

/**
 * Decides which profile a machine boots now: the one that its entry in hosts, its rule, its network or the default names;
 * from there on what `once` and `instead` put in its place, until one stands for itself.
 *
 * `progress`: what is known of its installations; absent = nothing.
 */
export function selectProfile(machine: BootMachine, policy: BootPolicy, progress?: BootProgress): Selection {
  const { profile: name, from, tags, hostname, nextServer, trace } = policy.said(machine);
  const facts = { tags, nextServer, ...(hostname !== undefined && { hostname }) };
  if (name === undefined) return { ...facts, reason: 'no profile is configured for this machine', trace };
  const steps = [`profile ${name} by ${from ?? 'default'}`];
  let profile = profileNamed(policy.profiles, name);
  // A profile is left once at most, so that a circle ends; the configuration has none.
  for (let left = policy.profiles.size; profile && left >= 0; left--) {
    const next = successorOf(profile, progress);
    if (next === undefined) break;
    steps.push(next.note);
    profile = profileNamed(policy.profiles, next.name);
  }
  if (!profile) steps.push('which there is not');
  const reason = steps.join('; ');
  return { ...(profile && { profile }), ...facts, reason, trace: [...trace, reason] };
}

/** The profile of a name; `local` is there without being configured. */
export function profileNamed(profiles: BootPolicy['profiles'], name: string): Profile | undefined {
  return profiles.get(name) ?? (name === LOCAL_PROFILE.name ? LOCAL_PROFILE : undefined);
}

/** What is offered in place of a profile, and why; undefined when it is itself. */
function successorOf(
  profile: Profile,
  progress: BootProgress | undefined,
): { readonly name: string; readonly note: string } | undefined {
  if (profile.instead !== undefined) {
    return { name: profile.instead, note: `${profile.name} is never offered, ${profile.instead} is` };
  }
  const name = afterOnce(profile, progress);
  return name === profile.name ? undefined : { name, note: `${profile.name} is done, so ${name}` };
}
