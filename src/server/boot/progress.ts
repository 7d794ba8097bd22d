import { type BootChoice, isOver, isValid, taken } from '../../boot/choice.ts';
import {
  type BootProgress,
  beginBoot,
  delivered,
  isDoneFile,
  needsOf,
  onceOf,
  restarted,
  unfinished,
  reported as withReport,
} from '../../boot/install-once.ts';
import type { Profile } from '../../boot/profile.ts';
import type { BootEvent, Emit } from '../../events/event.ts';
import type { Mac } from '../../lib/mac.ts';
import type { BootProgressStore } from '../../store/boot-progress.ts';
import { deliveryOf } from './delivery.ts';

export type BootKeeperParts = {
  /** Loaded; the caller closes it, after {@link BootKeeper.save}. */
  readonly store: BootProgressStore;
  /** Asked each time: a reload replaces them. */
  readonly profiles: () => ReadonlyMap<string, Profile>;
  /** Whose address that is, as text; undefined when nobody knows. */
  readonly machineOf: (peer: string) => Mac | undefined;
  readonly emit: Emit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Has `save` called once what is being heard now is heard; queueMicrotask when left out. */
  readonly soon?: (save: () => void) => void;
  /** Has it called within a second or so, for what many machines cause; a timer when left out. */
  readonly later?: (save: () => void) => void;
};

/** Keeps what each machine has got through of the profiles that are offered once. Never throws. */
export type BootKeeper = {
  /** A fact of the servers: a listener of the bus. */
  hear(event: BootEvent): void;
  progressOf(mac: Mac): BootProgress | undefined;
  /** The machine is given the configuration of this profile, its placeholders filled: files are counted from now. */
  offered(mac: Mac, profile: Profile): void;
  /** The machine's installer says that it is done. False when its profile knows no such word. */
  reported(mac: Mac): boolean;
  /** The same, by whoever has that address, for the done file of its profile. */
  reportedBy(peer: string, path: string): boolean;
  /** It is offered everything again; false when nothing was known of it. */
  forget(mac: Mac): boolean;
  /** What an operator chose for it, as long as that holds. */
  choiceOf(mac: Mac): BootChoice | undefined;
  /**
   * From now on it is offered this profile, also one that it got through already; with `once` in one boot alone. undefined takes it
   * back. False when it could not be saved, and a restart forgets it.
   */
  choose(mac: Mac, choice: { readonly profile: Profile; readonly once: boolean } | undefined): boolean;
  /** Makes safe what is not yet. */
  save(): void;
};

/** Between two warnings that progress cannot be saved. */
const WARN_MS = 60_000;

const LATER_MS = 1000;

/**
 * Joins what the servers saw to the machines it is about.
 *
 * Events of the TFTP threads come in batches, and a batch is saved in one transaction. What could not be saved is tried
 * again with the next change; lost with the power, it is a boot that counts as not finished. That a machine was offered a
 * profile can wait for others: anybody can ask for a configuration with a forged address and a made-up MAC, and one datagram
 * must not cost a write to the disk, for which DHCP would wait.
 */
export function createBootKeeper(parts: BootKeeperParts): BootKeeper {
  const { store, emit, now, soon = queueMicrotask, later = inASecond } = parts;
  /** What is to be saved, and whether that was asked for at once. */
  let waiting: 'soon' | 'later' | undefined;
  let warnAt = Number.NEGATIVE_INFINITY;
  /** Told once they are safe: who reads that a machine is installed may cut the power. */
  let untold: BootEvent[] = [];

  function save(): boolean {
    waiting = undefined;
    const events = untold;
    untold = [];
    let saved = true;
    try {
      store.save();
    } catch (error) {
      saved = false;
      unsaved(error);
    }
    for (const event of events) emit(event);
    return saved;
  }

  function unsaved(error: unknown): void {
    if (now() < warnAt) return;
    warnAt = now() + WARN_MS;
    const why = error instanceof Error ? error.message : String(error);
    const detail = `what machines have installed is not saved, a restart would forget it: ${why}`;
    emit({ type: 'service.warning', service: 'boot', problem: 'progress-unsaved', detail });
  }

  function put(mac: Mac, progress: BootProgress): void {
    store.put(mac, progress);
    if (waiting === 'soon') return;
    waiting = 'soon';
    soon(saveWaiting);
  }

  function putLater(mac: Mac, progress: BootProgress): void {
    store.put(mac, progress);
    saveLater();
  }

  function saveLater(): void {
    if (waiting) return;
    waiting = 'later';
    later(saveWaiting);
  }

  /** Both may have been asked for: the first saves for both. */
  function saveWaiting(): void {
    if (waiting) save();
  }

  /** The machine's progress with the profile that it is about; undefined for one that is gone from the configuration. */
  function under(mac: Mac): { progress: BootProgress; profile: Profile } | undefined {
    const progress = store.get(mac);
    const profile = progress && parts.profiles().get(progress.profile);
    return progress && profile && { progress, profile };
  }

  function rebooted(mac: Mac): void {
    const known = under(mac);
    if (known) begin(mac, known.profile, restarted(known.progress, known.profile, now()));
  }

  function begin(mac: Mac, profile: Profile, next: BootProgress | undefined): void {
    const before = store.get(mac);
    if (next === undefined || next === before) return;
    if (!before || before.profile !== next.profile || before.fetched.length === 0) {
      putLater(mac, next);
      return;
    }
    put(mac, next);
    const of = needsOf(before, profile).length;
    untold.push({ type: 'boot.again', mac, profile: profile.name, fetched: before.fetched.length, of });
  }

  function fetched(mac: Mac, names: readonly string[]): void {
    const known = under(mac);
    if (!known) return;
    const { progress, profile } = known;
    if (names.some((name) => isDoneFile(profile, name))) {
      done(mac);
      return;
    }
    let next = progress;
    for (const path of names)
      if (next === progress) next = delivered(progress, profile, { path, now: now() });
    if (next === progress) return;
    const file = next.fetched.at(-1)!;
    const of = needsOf(next, profile).length;
    untold.push({
      type: 'boot.progress',
      mac,
      profile: profile.name,
      file,
      fetched: next.fetched.length,
      of,
    });
    advance(mac, { profile, before: progress, next });
  }

  function done(mac: Mac): boolean {
    const known = under(mac);
    if (!known) return false;
    const { progress, profile } = known;
    const next = withReport(progress, profile, now());
    if (next !== progress) advance(mac, { profile, before: progress, next });
    return onceOf(profile)?.until === 'reported';
  }

  /** Safe when it returns: whoever posted is told so. */
  function reported(mac: Mac): boolean {
    const taken = done(mac);
    if (waiting === 'soon') save();
    return taken;
  }

  function advance(mac: Mac, { profile, before, next }: Step): void {
    put(mac, next);
    const once = onceOf(profile);
    const { name } = profile;
    if (!once || next.finished === before.finished || !next.finished?.includes(name)) return;
    untold.push({ type: 'boot.installed', mac, profile: name, proof: once.until, next: once.then });
  }

  function choiceOf(mac: Mac): BootChoice | undefined {
    const choice = store.choiceOf(mac);
    return choice && isValid(choice, now()) ? choice : undefined;
  }

  function choose(mac: Mac, choice: Parameters<BootKeeper['choose']>[1]): boolean {
    if (choice) {
      const { profile, once } = choice;
      const progress = store.get(mac);
      const next = progress && unfinished(progress, profile);
      if (progress && next === undefined) store.forget(mac);
      else if (next && next !== progress) store.put(mac, next);
      store.choose(mac, { profile: profile.name, once, since: now() });
    } else store.choose(mac, undefined);
    return save();
  }

  /** What was chosen for one boot holds until the next one begins. */
  function opened(mac: Mac, rom: boolean): void {
    const choice = store.choiceOf(mac);
    if (!choice || !isOver(choice, now(), rom)) return;
    store.choose(mac, undefined);
    saveLater();
  }

  function offered(mac: Mac, profile: Profile): void {
    const choice = store.choiceOf(mac);
    const next = choice && taken(choice, now());
    if (next && next !== choice) {
      store.choose(mac, next);
      saveLater();
    }
    begin(mac, profile, beginBoot(store.get(mac), profile, now()));
  }

  function hear(event: BootEvent): void {
    const opener = openerOf(event);
    if (opener !== undefined) opened(opener, 'stage' in event && event.stage === 'rom');
    const rom = romOf(event);
    if (rom !== undefined) rebooted(rom);
    const delivery = deliveryOf(event);
    const mac = delivery && parts.machineOf(delivery.peer);
    if (delivery && mac !== undefined) fetched(mac, delivery.names);
  }

  return {
    hear,
    progressOf: (mac) => store.get(mac),
    offered,
    reported,
    reportedBy(peer, path) {
      const mac = parts.machineOf(peer);
      const known = mac === undefined ? undefined : under(mac);
      return mac !== undefined && known !== undefined && isDoneFile(known.profile, path) && reported(mac);
    },
    forget(mac) {
      const known = store.forget(mac);
      if (known) save();
      return known;
    },
    choiceOf,
    choose,
    save: () => void save(),
  };
}

function inASecond(save: () => void): void {
  setTimeout(save, LATER_MS).unref();
}

type Step = { readonly profile: Profile; readonly before: BootProgress; readonly next: BootProgress };

/** Who asks for an address to boot by, at whatever stage of a boot. */
function openerOf(event: BootEvent): Mac | undefined {
  switch (event.type) {
    case 'dhcp.offer':
    case 'dhcp.proxy-offer':
      return event.stage === 'rom' || event.stage === 'ipxe' || event.kind !== undefined
        ? event.mac
        : undefined;
    case 'bootp.reply':
      return event.mac;
    default:
      return undefined;
  }
}

/** Whose firmware begins a boot; later stages ask for an address, too, and then it goes on. */
function romOf(event: BootEvent): Mac | undefined {
  switch (event.type) {
    case 'dhcp.offer':
    case 'dhcp.proxy-offer':
      return event.stage === 'rom' ? event.mac : undefined;
    case 'bootp.reply':
      return event.mac;
    default:
      return undefined;
  }
}
