import type { OncePolicy, Profile } from './profile.ts';

/**
 * Theory of operation. A profile with `once` is offered to a machine until there is proof that it got through; then the
 * machine is offered what `then` names, for as long as nobody resets it. Proof is what the servers saw, by the policy:
 *
 * - `fetched`: the kernel and every initrd were delivered wholly, in one boot, in any order. Half an initrd is nothing.
 * - `reported`: the installer fetched the done file, or posted to it.
 *
 * | state    | event                              | then                                                         |
 * |----------|------------------------------------|--------------------------------------------------------------|
 * | (none)   | its configuration is rendered      | offered                                                      |
 * | offered  | a file of the profile, wholly      | counted once; after the last one fetched                     |
 * | offered, | a boot begins again (DISCOVER of a | offered, nothing counted: what went before was cut off       |
 * | fetched  | ROM, its configuration rendered)   |                                                              |
 * | fetched  |                                    | `until: fetched`: finished                                   |
 * | any      | the done file                      | reported; `until: reported`: finished                        |
 * | any      | another profile is offered         | offered, that one; what is finished stays finished           |
 * | finished | anything                           | stays: only {@link BootProgress} removed offers it again     |
 *
 * Whoever finished a profile is never offered it again by itself, whatever it was offered in between: an installation
 * erases disks.
 */
export type BootProgress = {
  /** The name of the profile that it was offered last. */
  readonly profile: string;
  /** The files that it was offered with that profile, paths of the tree; absent: those that the profile names. */
  readonly needs?: readonly string[];
  /** Those that were delivered wholly in this boot. */
  readonly fetched: readonly string[];
  readonly state: 'offered' | 'fetched' | 'reported';
  /** Start of the present state, ms since 1970. */
  readonly since: number;
  /** Profiles with `once` that it got through, in that order; absent: none. */
  readonly finished?: readonly string[];
};

/** The most of {@link BootProgress.finished} that is kept; the oldest go. */
const MOST_FINISHED = 64;

/**
 * The name of the profile that a machine is offered for which `profile` was chosen: itself, or `then` of its policy when
 * the machine got through it. The latter may have a policy of its own: ask again for that.
 *
 *     afterOnce(install, undefined)                                  // 'install'
 *     afterOnce(install, { profile: 'install', state: 'reported', … }) // 'local'
 */
export function afterOnce(profile: Profile, progress: BootProgress | undefined): string {
  const once = onceOf(profile);
  return once !== undefined && isFinished(profile, progress) ? once.then : profile.name;
}

/** Did the machine get through this profile? Never for one without `once`. */
export function isFinished(profile: Profile, progress: BootProgress | undefined): boolean {
  const once = onceOf(profile);
  if (once === undefined || progress === undefined) return false;
  if (progress.finished?.includes(profile.name)) return true;
  return progress.profile === profile.name && isProof(progress.state, once);
}

/**
 * A boot begins with this profile, its placeholders filled for the machine: counting starts anew, unless it is finished. The
 * same object when nothing changes. What has no `once` takes the place of what is not finished alone: files that two
 * profiles share are not to count for the other.
 */
export function beginBoot(
  progress: BootProgress | undefined,
  profile: Profile,
  now: number,
): BootProgress | undefined {
  const same = progress?.profile === profile.name;
  if (same && isFinished(profile, progress)) return progress;
  const finished = progress?.finished;
  if (onceOf(profile) === undefined) {
    const underWay = progress !== undefined && !finished?.includes(progress.profile);
    if (same || !underWay) return progress;
  }
  const needs = filesOf(profile);
  if (same && isUntouched(progress) && sameNames(needsOf(progress, profile), needs)) return progress;
  const begun = { profile: profile.name, needs, fetched: [], state: 'offered' as const, since: now };
  return finished ? { ...begun, finished } : begun;
}

/** The machine boots again: what it fetched before counts no more, unless the profile is finished. */
export function restarted(progress: BootProgress, profile: Profile, now: number): BootProgress {
  if (progress.profile !== profile.name || isFinished(profile, progress)) return progress;
  return isUntouched(progress) ? progress : { ...progress, state: 'offered', fetched: [], since: now };
}

/** The file `path` was delivered wholly. The same object when it is none of the profile, or counted already. */
export function delivered(
  progress: BootProgress,
  profile: Profile,
  { path, now }: { readonly path: string; readonly now: number },
): BootProgress {
  if (!onceOf(profile) || progress.profile !== profile.name || isFinished(profile, progress)) return progress;
  const file = plainPath(path);
  const needs = needsOf(progress, profile);
  if (!needs.includes(file) || progress.fetched.includes(file)) return progress;
  const next = { ...progress, fetched: [...progress.fetched, file] };
  const complete = needs.every((name) => next.fetched.includes(name));
  return complete ? reached(next, { profile, state: 'fetched', now }) : next;
}

/** The installer says that it is done. The same object for a profile that waits for no such word, or has it. */
export function reported(progress: BootProgress, profile: Profile, now: number): BootProgress {
  const once = onceOf(profile);
  if (once?.until !== 'reported' || progress.profile !== profile.name) return progress;
  return isFinished(profile, progress) ? progress : reached(progress, { profile, state: 'reported', now });
}

/**
 * Somebody wants it to be offered this profile again, although it got through: that is forgotten, what it finished else is not.
 * undefined when nothing is left to be known of it; the same object when it never got through.
 */
export function unfinished(progress: BootProgress, profile: Profile): BootProgress | undefined {
  if (!isFinished(profile, progress)) return progress;
  const finished = (progress.finished ?? []).filter((name) => name !== profile.name);
  const { finished: _, ...rest } = progress;
  const kept = finished.length > 0 ? { finished } : {};
  if (progress.profile !== profile.name) return { ...rest, ...kept };
  return finished.length > 0 ? { ...rest, ...kept, fetched: [], state: 'offered' } : undefined;
}

/** Files that have to be delivered to whoever was offered this profile. */
export function needsOf(progress: BootProgress, profile: Profile): readonly string[] {
  return progress.needs ?? filesOf(profile);
}

/** Files of a profile, as paths of the tree, each once. */
export function filesOf(profile: Profile): readonly string[] {
  if (profile.kind === 'kernel') return [...new Set([profile.kernel, ...profile.initrds].map(plainPath))];
  return profile.kind === 'loader' ? [plainPath(profile.file)] : [];
}

/** Is `path` the file by which the installer of this profile says that it is done? */
export function isDoneFile(profile: Profile, path: string): boolean {
  const once = onceOf(profile);
  return once?.until === 'reported' && plainPath(once.done) === plainPath(path);
}

/** The policy of a profile that can have one. */
export function onceOf(profile: Profile): OncePolicy | undefined {
  return profile.kind === 'kernel' || profile.kind === 'loader' ? profile.once : undefined;
}

/** As a path of the tree: `/a`, `./a`, `a//b` and `a\b` are what clients mean by `a` and `a/b`. */
export function plainPath(path: string): string {
  return path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function isUntouched({ state, fetched }: BootProgress): boolean {
  return state === 'offered' && fetched.length === 0;
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, at) => name === others[at]);
}

type Reached = {
  readonly profile: Profile;
  readonly state: 'fetched' | 'reported';
  readonly now: number;
};

function reached(progress: BootProgress, { profile, state, now }: Reached): BootProgress {
  const next = { ...progress, state, since: now };
  const once = onceOf(profile);
  if (!once || !isProof(state, once)) return next;
  const others = (progress.finished ?? []).filter((name) => name !== profile.name);
  return { ...next, finished: [...others, profile.name].slice(-MOST_FINISHED) };
}

function isProof(state: BootProgress['state'], { until }: OncePolicy): boolean {
  return state === 'reported' || (until === 'fetched' && state === 'fetched');
}
