import { type FileRole, roleOf } from '../boot/boot-step.ts';
import { LOCAL_PROFILE } from '../boot/profile.ts';
import { baseOf } from '../boot/tree.ts';
import { KERNEL_EXTENSIONS } from '../boot/tree-rules-table.ts';
import type { Boot } from './boot.ts';
import type { Mark, MarkKind, Opening } from './mark.ts';

/** A file of a boot, and how far it came. */
export type BootedFile = {
  readonly file: string;
  readonly role: FileRole;
  readonly by: 'tftp' | 'http';
  /** `open`: on its way, as far as is known. */
  state: 'open' | 'done' | 'failed' | 'refused' | 'probed';
  /** Of the last attempt. */
  mark: Mark;
  attempts: number;
};

/** How far a boot came. */
export type Reached = 'address' | 'loader' | 'config' | 'kernel' | 'initrd' | 'system';

/** What the marks of a boot come to: all that rules ask about. */
export type BootView = {
  readonly began: number;
  readonly last: number;
  /** When it got further last: firmware that has failed goes on asking in other ways, for minutes. */
  readonly moved: number;
  readonly openings: readonly Opening[];
  readonly marks: readonly Mark[];
  /** The answers that named what to boot, the last of each kind. */
  readonly offered?: Mark;
  readonly told?: Mark;
  readonly told4011?: Mark;
  /** It took an address: of ours, or of another server. */
  readonly address?: Mark;
  readonly ignored: readonly Mark[];
  readonly naks: readonly Mark[];
  readonly exhausted?: Mark;
  readonly noAddress?: Mark;
  readonly declined?: Mark;
  /** In the order in which they were asked for first. */
  readonly files: readonly BootedFile[];
  readonly config?: Mark;
  readonly noConfig?: Mark;
  /** Names of configurations that are not there, and that it asked for. */
  readonly tried: readonly string[];
  readonly profile?: string;
  /** Told to start its own disk. */
  readonly local: boolean;
  readonly system?: Mark;
  readonly installed?: Mark;
  readonly reported?: Mark;
  readonly loop?: Mark;
  readonly reached: Reached;
  /**
   * It asked for files and for nothing else: no word of DHCP or BOOTP, no loader's configuration. That is curl, a browser, a TFTP
   * client of people, or a system that runs; no machine that boots.
   */
  readonly filesOnly: boolean;
  /** Octets that arrived, and of all files that it asked for, as far as their sizes are known. */
  readonly bytes: number;
  readonly totalBytes: number;
};

const ORDER: readonly Reached[] = ['address', 'loader', 'config', 'kernel', 'initrd', 'system'];

/** Goes through the marks once. */
export function viewOf(boot: Boot): BootView {
  const view: Writable = {
    ...{ began: boot.began, last: boot.last, moved: boot.began, openings: boot.openings, marks: boot.marks },
    ...{
      ignored: [],
      naks: [],
      files: [],
      tried: [],
      local: false,
      reached: 'address',
      filesOnly: false,
      bytes: 0,
      totalBytes: 0,
    },
  };
  const files = new Map<string, BootedFile>();
  for (const mark of boot.marks) {
    take(view, files, mark);
    if (files.size === 0 || !ASKING.has(mark.what))
      view.moved = Math.max(view.moved, mark.last ?? endOf(mark));
  }
  view.files = [...files.values()];
  view.filesOnly =
    boot.marks.length > 0 &&
    boot.marks.every(({ what }) => OF_FILES.has(what)) &&
    !view.files.some(({ role, file }) => role === 'config' || CONFIGURES.test(file));
  for (const { mark, state } of view.files) {
    const bytes = state === 'done' || state === 'failed' ? (mark.bytes ?? 0) : 0;
    view.bytes += bytes;
    view.totalBytes += state === 'refused' || state === 'probed' ? 0 : Math.max(bytes, mark.size ?? 0);
  }
  return view;
}

/** What leads to no file by itself. */
const ASKING: ReadonlySet<MarkKind> = new Set([
  'offered',
  'told-file',
  'ignored',
  'malformed',
  'no-address',
  'pool-exhausted',
]);

/** What whoever fetches or sends a file leaves, be it a machine that boots or not. */
const OF_FILES: ReadonlySet<MarkKind> = new Set([
  'asked',
  'fetched',
  'cut-off',
  'probed',
  'refused',
  'sent',
  'relinked',
  'not-relinked',
  'loop',
]);

/** Configurations that have no language of ours: of a Raspberry Pi's firmware, and of Windows' loader. */
const CONFIGURES = /(^|\/)(config\.txt|bcd)$/i;

/** A transfer's mark has the time of its beginning. */
function endOf({ at, tookMs = 0 }: Mark): number {
  return at + tookMs;
}

type Writable = { -readonly [Key in keyof BootView]: BootView[Key] };

function reach(view: Writable, step: Reached): void {
  if (ORDER.indexOf(step) > ORDER.indexOf(view.reached)) view.reached = step;
}

function take(view: Writable, files: Map<string, BootedFile>, mark: Mark): void {
  switch (mark.what) {
    case 'offered':
      view.offered = mark;
      return;
    case 'told-file':
      view.told = mark;
      return;
    case 'told-file-4011':
      view.told4011 = mark;
      return;
    case 'got-address':
    case 'took-elsewhere':
    case 'bootp-answered':
      takeAddress(view, mark);
      return;
    case 'ignored':
      view.ignored = [...view.ignored, mark];
      return;
    case 'refused-address':
      view.naks = [...view.naks, mark];
      return;
    case 'pool-exhausted':
      view.exhausted = mark;
      return;
    case 'no-address':
      view.noAddress = mark;
      return;
    case 'declined':
      view.declined = mark;
      return;
    case 'asked':
    case 'fetched':
    case 'cut-off':
    case 'probed':
    case 'refused':
      takeFile(view, files, mark);
      return;
    case 'looked-for':
      view.tried = [...view.tried, ...(mark.tried ?? [])];
      return;
    case 'configured':
      view.tried = [...view.tried, ...(mark.tried ?? []).filter((name) => name !== mark.file)];
      takeConfig(view, mark);
      return;
    case 'not-configured':
      view.tried = [...view.tried, ...(mark.tried ?? [])];
      view.noConfig = mark;
      reach(view, 'loader');
      return;
    case 'reported':
      view.reported = mark;
      reach(view, 'system');
      return;
    case 'installed':
      view.installed = mark;
      if (mark.rendered !== undefined) view.profile = mark.rendered;
      return;
    case 'loop':
      view.loop = mark;
      return;
    default:
      return;
  }
}

/** What runs after the kernel asks anew, with words of its own or of none. */
function takeAddress(view: Writable, mark: Mark): void {
  view.address = mark;
  const { stage } = mark;
  const hasKernel = view.reached === 'kernel' || view.reached === 'initrd';
  const isSystem =
    stage === 'os' || stage === 'installer' || (hasKernel && stage !== 'rom' && stage !== 'ipxe');
  if (!isSystem) return;
  view.system = mark;
  reach(view, 'system');
}

function takeConfig(view: Writable, mark: Mark): void {
  view.config = mark;
  delete view.noConfig;
  if (mark.rendered !== undefined) {
    view.profile = mark.rendered;
    if (mark.rendered === LOCAL_PROFILE.name) view.local = true;
  }
  reach(view, 'config');
}

const STATES = {
  asked: 'open',
  fetched: 'done',
  'cut-off': 'failed',
  probed: 'probed',
  refused: 'refused',
} as const;

function takeFile(view: Writable, files: Map<string, BootedFile>, mark: Mark): void {
  const { file, by, what } = mark;
  if (file === undefined || by === undefined || !(what in STATES)) return;
  // Most likely the client has the file: only the ACK of its last block got lost.
  const state = mark.why === 'last-ack-missing' ? 'done' : STATES[what as keyof typeof STATES];
  const name = plain(file);
  const known = files.get(name);
  const role = roleFor(view, name);
  if (known) {
    // A size that is asked after says nothing of a file that is there already.
    if (state !== 'probed' || known.state === 'probed') {
      known.state = known.state === 'done' && state === 'refused' ? 'done' : state;
      known.mark = mark;
    }
    known.attempts++;
  } else files.set(name, { file: name, role, by, state, mark, attempts: 1 });
  if (role === 'config' && (state === 'done' || state === 'open')) takeConfig(view, mark);
  if (state === 'refused' || state === 'probed') return;
  if (role === 'loader') reach(view, 'loader');
  if (role !== 'payload') return;
  const before = [...files.values()].some(
    (one) => one.role === 'payload' && one.file !== name && one.state === 'done',
  );
  reach(view, before ? 'initrd' : 'kernel');
}

/**
 * A program that a loader is configured to start is what all the rest was for: memtest, an installer's own loader. What comes
 * before a configuration is a loader.
 */
function roleFor(view: Writable, file: string): FileRole {
  const role = roleOf(file);
  if (role === 'loader' && view.config !== undefined && !LOADS_FURTHER.test(baseOf(file))) return 'payload';
  return role;
}

/** Loaders that are chained, and look for a configuration of their own. */
const LOADS_FURTHER =
  /^([gl]?pxelinux\.0|syslinux.*|grub.*|shim.*|bootnet.*|core\.(efi|0)|ldlinux\..*|.*ipxe.*|undionly.*|snponly.*)$/;

/** As the tree has it, and without what SYSLINUX puts behind a kernel that it does not find. */
export function plain(file: string): string {
  const path = file
    .replaceAll('\\', '/')
    .replace(/^\/+/, '')
    .replace(/\/{2,}/g, '/');
  return path === '' ? file : path;
}

/** `vmlinuz` for `vmlinuz.cbt`, where that was asked for before: SYSLINUX tries what it is told to load under further names. */
export function bareName({ files }: BootView, file: string): string {
  const extension = KERNEL_EXTENSIONS.find((each) => each !== '' && file.endsWith(each));
  const bare = extension === undefined ? file : file.slice(0, -extension.length);
  return files.some((other) => other.file === bare) ? bare : file;
}

/** Files of one role, in the order asked. */
export function filesOf({ files }: BootView, role: FileRole): readonly BootedFile[] {
  return files.filter((file) => file.role === role);
}
