import type { Ipv4 } from '../lib/ipv4.ts';
import type { ArchOverride } from './arch-override.ts';
/** Which file boots whom. Plain data; names are paths below the boot root, or URLs. */
export type BootSettings = {
  /** For BIOS clients, BOOTP clients, and every client no other rule has a file for. */
  readonly bootFile: string;
  /**
   * Files by architecture (option 93, see arch-table.ts); these win over everything but a machine's own file. 7 and
   * 9 are the same machine: one entry serves both. HTTP architectures need a URL, or {@link httpUrl}.
   */
  readonly archFiles: ReadonlyMap<number, string>;
  /** For clients that are iPXE already: a script or a URL. Absent: the first of IPXE_SCRIPTS that exists. */
  readonly ipxeFile?: string;
  /**
   * Where the boot root can be had by HTTP, with a slash at its end: what an HTTP client boots is the same file as another
   * machine of its processor, below this URL. Absent: only files that are URLs themselves.
   */
  readonly httpUrl?: string;
  /** The first that matches holds. */
  readonly archOverrides?: readonly ArchOverride[];
  /** Absent: PXE firmware is given its file at once. */
  readonly menu?: BootMenu;
};

/** One line of the menu that PXE firmware shows by itself (PXE 2.1 §2.4.3). */
export type BootMenuEntry = {
  readonly text: string;
  /** The boot server type the client asks for when it is chosen; 0 = its local disk, nobody is asked. */
  readonly type: number;
  /** Boot servers of that type; absent = we are. */
  readonly servers?: readonly Ipv4[];
  /** What we boot it from; absent = what it would boot without a menu. */
  readonly file?: string;
  /** Architectures (option 93) that see this line; absent = all. */
  readonly archs?: readonly number[];
};

/** `timeoutSeconds`: how long the prompt waits before the first entry is taken; 0 = not at all, 255 = for ever. */
export type BootMenu = {
  readonly prompt: string;
  readonly timeoutSeconds: number;
  readonly entries: readonly BootMenuEntry[];
};

/**
 * Does this path (no leading slash) name a readable file below the boot root? Cheap: the caller caches. `sizeOf`: its octets,
 * undefined when it does not exist.
 */
export type FileExists = {
  (path: string): boolean;
  readonly sizeOf?: (path: string) => number | undefined;
};

/** What a client boots, and why. */
export type BootDecision = {
  /** A path or a URL; absent when there is nothing for this client. */
  readonly file?: string;
  /** One line for people: `UEFI x86-64: first loader found in the root`. */
  readonly reason: string;
  /** Rules looked at, in order, the winner last. */
  readonly trace: readonly string[];
};
