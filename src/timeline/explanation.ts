import type { Cpu } from '../boot/arch-table.ts';

/** How sure a reason is: `sure` follows from what was seen, `likely` fits it best, `possible` fits it, too. */
export type Certainty = 'sure' | 'likely' | 'possible';

/** One thing that explains how a boot went. `code` is a stable kebab-case word. */
export type Reason = {
  readonly code: string;
  readonly text: string;
  readonly fix?: string;
  readonly certainty: Certainty;
};

/** `files`: no boot; somebody fetched files by hand. */
export type Verdict = 'booted' | 'booting' | 'failed' | 'ignored' | 'unknown' | 'files';

/** What became of a boot, and why: the truest reason first. */
export type Explanation = {
  readonly verdict: Verdict;
  readonly headline: string;
  readonly reasons: readonly Reason[];
  /** The step that was to come and never came, for people. */
  readonly missing?: string;
};

/** What is found of one file of the tree, when it is asked. */
export type FileFacts = {
  /** Served as TFTP would: in another case, too. */
  readonly exists: boolean;
  readonly sizeBytes?: number;
  /** It is there, and the user that pxed runs as may not read it. */
  readonly unreadable?: true;
  /** It is a link that nobody is served through. */
  readonly link?: { readonly target: string; readonly why: 'dangling' | 'outside' };
  /** Of an EFI program. */
  readonly cpu?: Cpu;
  /** Of its beginning: an EFI program, something else with that name, not looked into. */
  readonly image?: 'efi' | 'not-efi';
  /** A name beside it that may have been meant. */
  readonly near?: string;
};

/** What rules may ask about beside the boot, gathered when somebody wants to know. Nothing of it has to be known. */
export type Facts = {
  /** By path of the tree; undefined for a file that nobody looked at. */
  readonly file: (path: string) => FileFacts | undefined;
  /** Who else holds one of our ports. */
  readonly owners?: readonly { readonly port: number; readonly owner: string }[];
  /** Other DHCP servers that were heard of. */
  readonly servers?: readonly {
    readonly ip: string;
    readonly kind: 'address' | 'boot';
    readonly interface: string;
  }[];
  /** Of the interface that leads there. */
  readonly mtu?: number;
  /** Whom pxed runs as. */
  readonly user?: string;
};

export const NO_FACTS: Facts = { file: () => undefined };
