import { type Arch, archCode, archOf } from '../boot/arch-table.ts';
import type { Facts, Reason } from './explanation.ts';
import { type BootedFile, type BootView, filesOf } from './view.ts';

/** What a rule looks at. */
export type Case = {
  readonly view: BootView;
  readonly arch?: Arch;
  readonly facts: Facts;
  /** For how long it has not got any further. */
  readonly quietMs: number;
};

/**
 * What a rule found. `fatalMs`: the boot has failed when nothing more was heard for so long; without it, the finding explains
 * and ends nothing. `note`: worth telling of a boot that went well, too.
 */
export type Finding = Reason & { readonly fatalMs?: number; readonly note?: true };

/** Looks for one thing that goes wrong. Pure. */
export type Rule = (about: Case) => Finding | undefined;

export function archNamed(name: string | undefined): Arch | undefined {
  const code = name === undefined ? undefined : archCode(name);
  return code === undefined ? undefined : archOf(code);
}

/** Kernels, initrds and the like that arrived whole, and nothing that was asked for after them is missing. */
export function isComplete(view: BootView): boolean {
  const payloads = filesOf(view, 'payload');
  const done = payloads.filter(({ state }) => state === 'done');
  if (done.length === 0) return false;
  const last = Math.max(...done.map(({ mark }) => mark.at));
  return payloads.every(
    ({ state, mark }) => state === 'done' || state === 'probed' || (state === 'refused' && mark.at < last),
  );
}

/** Nothing that came later got it further. */
export function isEnd(view: BootView, at: number): boolean {
  return !view.files.some(
    ({ state, role, mark }) =>
      mark.at > at && state === 'done' && (role === 'payload' || role === 'config' || role === 'loader'),
  );
}

/** Loaders that it got whole, in that order. */
export function loadersOf(view: BootView): readonly BootedFile[] {
  return filesOf(view, 'loader').filter(({ state }) => state === 'done');
}

/** `a, b and 3 more`. */
export function some(names: readonly string[], most = 3): string {
  const told = names.slice(0, most).join(', ');
  return names.length > most ? `${told} and ${names.length - most} more` : told;
}

/** `; did you mean vmlinuz?` */
export function meant(near: string | undefined): string {
  return near === undefined ? '' : `; did you mean ${near}?`;
}
