import type { Ipv4 } from '../lib/ipv4.ts';
import type { Exchange, Outcome } from './exchange.ts';
import type { HttpFile, HttpRequest } from './http-file.ts';
import type { Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';

/** The stations of a network boot, in order. */
export type StepName =
  | 'discover'
  | 'request'
  /** Port 4011: which file is it? */
  | 'boot-server'
  | 'boot-file'
  /** What a loader loads before it looks for anything: shim its GRUB. */
  | 'second-stage'
  | 'loader-module'
  | 'config'
  | 'menu'
  | 'kernel'
  | 'initrd'
  | 'local-boot'
  /** It was told to go no further. */
  | 'given-up'
  /** The address is given back. */
  | 'release';

/** What became of one station; `why` is a stable code when it failed. */
export type Step = {
  readonly step: StepName;
  readonly detail: string;
  readonly ok: boolean;
  readonly tookMs: number;
  readonly why?: string;
  /** What was asked, and of whom. */
  readonly asked?: string;
  /** Of a file that came. */
  readonly sizeBytes?: number;
  /** What was odd, and keeps nobody from booting. */
  readonly notes?: readonly string[];
};

/** How a walk ended. */
export type Verdict = {
  readonly ok: boolean;
  /** Every station in the order it was reached; the last one is the one that failed, if one did. */
  readonly steps: readonly Step[];
  readonly lease?: Lease;
  /** Name of the configuration file that was found. */
  readonly config?: string;
  readonly ended: 'kernel' | 'local-boot' | 'foreign-loader' | 'failed';
};

export type WalkManners = {
  /** The address is given back at the end. */
  readonly release?: boolean;
};

/** What a walk asks of whoever drives it. */
export type Wish =
  | { readonly kind: 'run'; readonly exchange: Exchange<unknown> }
  | { readonly kind: 'step'; readonly step: Step }
  /** From now on the machine has this address. */
  | { readonly kind: 'configure'; readonly lease: Lease }
  | HttpWish;

/** A file by HTTP: whoever drives the walk fetches it, and says so by `grant` before the next turn. */
export type HttpWish = {
  readonly kind: 'http';
  readonly request: HttpRequest;
  readonly grant: (outcome: Outcome<HttpFile>) => void;
};

/** A part of a walk: a generator that wishes, and returns once its wishes were granted. */
export type Walking<T> = Generator<Wish, T, void>;

/** Milliseconds; whoever drives the walk sets it before each step of the generator. */
export type Clock = { now: number };

/** Runs one conversation to its end. */
export function* run<T>(exchange: Exchange<T>): Walking<Outcome<T>> {
  yield { kind: 'run', exchange };
  const result = exchange.result();
  if (!result) throw new Error('Cannot go on: the conversation has not ended');
  return result;
}

/** Asks for a file by HTTP. */
export function* download(request: HttpRequest): Walking<Outcome<HttpFile>> {
  let outcome: Outcome<HttpFile> | undefined;
  const grant = (given: Outcome<HttpFile>) => {
    outcome = given;
  };
  yield { kind: 'http', request, grant };
  if (!outcome) throw new Error('Cannot go on: the file has not been fetched');
  return outcome;
}

/** Collects the steps of a walk and tells them. */
export type Diary = {
  readonly clock: Clock;
  readonly steps: Step[];
  /** The addresses that the machine got, and as whom. */
  held: readonly { readonly rom: RomIdentity; readonly lease: Lease }[];
};

/** Writes down what became of a station that began at `since`. */
export function* report(
  diary: Diary,
  station: { readonly step: StepName; readonly since: number },
  outcome: Omit<Step, 'step' | 'tookMs'>,
): Walking<void> {
  const { ok, detail, why, asked, sizeBytes, notes } = outcome;
  const step: Step = {
    step: station.step,
    ok,
    detail,
    tookMs: diary.clock.now - station.since,
    ...(why !== undefined && { why }),
    ...(asked !== undefined && { asked }),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(notes !== undefined && notes.length > 0 && { notes }),
  };
  diary.steps.push(step);
  yield { kind: 'step', step };
}

/** A file on a server: by TFTP, or where it has a URL by HTTP. */
export type Location = TftpLocation | { readonly url: string };
export type TftpLocation = { readonly server: Ipv4; readonly path: string };
