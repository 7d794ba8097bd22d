/** How machines get on with their boots, beyond single requests: a part of the BootEvent union (event.ts). */
import type { Mac } from '../lib/mac.ts';

/** How far machines came with profiles that are offered once, and with links that are for one installation. */
export type ProgressEvent =
  /** One more file of its profile was delivered wholly: `fetched` of `of` in this boot. */
  | {
      readonly type: 'boot.progress';
      readonly mac: Mac;
      readonly profile: string;
      readonly file: string;
      readonly fetched: number;
      readonly of: number;
    }
  /** It boots again although it had fetched so many files: they are counted anew. */
  | {
      readonly type: 'boot.again';
      readonly mac: Mac;
      readonly profile: string;
      readonly fetched: number;
      readonly of: number;
    }
  /** It got through the profile: from now on it is offered `next`. */
  | {
      readonly type: 'boot.installed';
      readonly mac: Mac;
      readonly profile: string;
      readonly proof: 'fetched' | 'reported';
      readonly next: string;
    }
  /** Its link in the tree names another configuration, since it told that it is installed. Paths are of the tree. */
  | {
      readonly type: 'boot.relinked';
      readonly peer: string;
      readonly link: string;
      /** What the link held before, and what it holds. */
      readonly from: string;
      readonly to: string;
    }
  /** It told that it is installed, and its link could not be changed. */
  | {
      readonly type: 'boot.not-relinked';
      readonly peer: string;
      readonly link: string;
      readonly why: string;
      readonly detail?: string;
    };

/** A machine fetches the same loader again and again, and its boot never gets further: what never came (boot/loop-guard.ts). */
export type LoopEvent = {
  readonly type: 'boot.loop';
  readonly peer: string;
  readonly mac?: Mac;
  /** The loader, and how often it was fetched within ten minutes. */
  readonly file: string;
  readonly times: number;
  readonly missing: 'second-stage' | 'config' | 'kernel' | 'initrd';
  /** The file that was not delivered whole. */
  readonly incomplete?: string;
  /** The last that it asked for and that is not there. */
  readonly refused?: string;
};
