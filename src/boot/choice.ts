import { type BootPolicy, profileNamed, type Said } from './selection.ts';

/**
 * What an operator chose for one machine to boot, whatever the configuration says. With `once` it holds for one boot: it is taken
 * when a loader is given its configuration, and gone when the machine's next boot begins.
 */
export type BootChoice = {
  readonly profile: string;
  readonly once: boolean;
  /** When it was made, ms since 1970. */
  readonly since: number;
  /** When a loader was first given its configuration; only of those with `once`. */
  readonly takenAt?: number;
};

/** Loaders of one boot ask for their configurations within this time; later it is another boot, which DHCP told nothing of. */
const TAKEN_MS = 300_000;

/** A loader that asks for an address just after its configuration belongs to the same boot. */
const SAME_BOOT_MS = 3_000;

/** Does it hold for who asks now? */
export function isValid({ once, takenAt }: BootChoice, now: number): boolean {
  return !once || takenAt === undefined || now - takenAt < TAKEN_MS;
}

/** A loader is given its configuration. The same object when nothing changes. */
export function taken(choice: BootChoice, now: number): BootChoice {
  return choice.once && choice.takenAt === undefined ? { ...choice, takenAt: now } : choice;
}

/**
 * The machine asks for an address: is the choice for a boot that is over? With `rom` its firmware asks, and a new boot begins for
 * sure.
 */
export function isOver({ once, takenAt }: BootChoice, now: number, rom = false): boolean {
  return once && takenAt !== undefined && (rom || now - takenAt > SAME_BOOT_MS);
}

/** Who named the profile, for people. */
export function chooserOf({ once }: Pick<BootChoice, 'once'>): string {
  return once ? 'pxectl boot, once' : 'pxectl boot';
}

/** The same as DHCP asks for it: whose profile a machine has, when an operator chose one that there is. */
export function chosenBy(
  profiles: () => BootPolicy['profiles'] | undefined,
  choiceOf: (mac: string) => BootChoice | undefined,
): (mac: string) => { readonly name: string; readonly from: string } | undefined {
  return (mac) => {
    const choice = choiceOf(mac);
    const known = choice && profiles();
    if (!known || !profileNamed(known, choice.profile)) return undefined;
    return { name: choice.profile, from: chooserOf(choice) };
  };
}

/** The same policy, with what was chosen for single machines. A profile that is gone from the configuration is not chosen any more. */
export function withChoices(
  policy: BootPolicy,
  choiceOf: (mac: string) => BootChoice | undefined,
): BootPolicy {
  return {
    ...policy,
    said: (machine) => chosen(policy.said(machine), policy, choiceOf(machine.mac)),
  };
}

function chosen(said: Said, { profiles }: BootPolicy, choice: BootChoice | undefined): Said {
  if (!choice || !profileNamed(profiles, choice.profile)) return said;
  const before = said.profile === undefined ? 'none' : `${said.profile} by ${said.from ?? 'default'}`;
  const trace = [...said.trace, `pxectl boot: profile ${choice.profile} in place of ${before}`];
  return { ...said, profile: choice.profile, from: chooserOf(choice), trace };
}
