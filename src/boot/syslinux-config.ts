/**
 * The part of the SYSLINUX configuration language that decides what boots by itself: which entry is the default, and
 * which files that entry loads. (SYSLINUX wiki, "Config"; menus only so far as they choose the default.)
 */

/** One line: keyword in lower case, the rest of the line trimmed. */
export type Directive = { readonly keyword: string; readonly value: string };

/** What one LABEL, or a bare command line, would do. */
export type SyslinuxEntry = {
  readonly label: string;
  /** File as written; absent for LOCALBOOT. */
  readonly kernel?: string;
  readonly append: string;
  /** Files of INITRD and of `initrd=` in APPEND, in order; several are allowed, separated by commas. */
  readonly initrds: readonly string[];
  /** LOCALBOOT type: -1 next device, 0 and up BIOS specific. */
  readonly localBoot?: number;
};

export type SyslinuxConfig = {
  /** What boots without a key press; undefined: the loader stops at its `boot:` prompt. */
  readonly entry?: SyslinuxEntry;
  /** The menu program that runs first (`UI menu.c32`, or the old `DEFAULT menu.c32`). */
  readonly ui?: string;
  /** The command line of DEFAULT, UI or ONTIMEOUT that was followed, for people. */
  readonly command?: string;
  readonly entries: readonly SyslinuxEntry[];
};

/** Keywords that name the file an entry runs; the loader tells most types apart by extension only. */
const KERNEL_KEYWORDS = new Set(['kernel', 'linux', 'com32', 'boot', 'bss', 'pxe', 'fdimage', 'comboot']);
const MENU_PROGRAM = /(^|[/:])(vesa|c)?menu\.c32$/i;

/** Splits into directives; comments and empty lines are left out. Never throws. */
export function parseSyslinux(text: string): Directive[] {
  const directives: Directive[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, keyword, value = ''] = /^([^\s#]\S*)(.*)$/s.exec(line.trim()) ?? [];
    if (keyword !== undefined) directives.push({ keyword: keyword.toLowerCase(), value: value.trim() });
  }
  return directives;
}

/** The file an `INCLUDE file` or `MENU INCLUDE file [tag]` line names. */
export function includedFile({ keyword, value }: Directive): string | undefined {
  const words = value.split(/\s+/);
  if (keyword === 'include') return words[0] || undefined;
  if (keyword === 'menu' && words[0]?.toLowerCase() === 'include') return words[1];
  return undefined;
}

/** Reads directives whose INCLUDEs are already in place, and follows the default. Never throws. */
export function readSyslinux(directives: readonly Directive[]): SyslinuxConfig {
  const found: Found = { entries: [], globalAppend: '' };
  for (const directive of directives) take(found, directive);
  const entries = found.entries.map((draft) => finish(draft, found.globalAppend));
  const command = found.ui ?? found.fallback;
  if (command === undefined) return { entries };

  const program = command.split(/\s+/)[0] ?? '';
  const runsMenu = found.ui !== undefined || (!labelled(entries, program) && MENU_PROGRAM.test(program));
  if (!runsMenu) return { entry: resolveCommand(entries, command), command, entries };
  // A menu starts with MENU DEFAULT, else with DEFAULT when that is a label, else with its first entry.
  const wanted = found.menuDefault ?? (found.fallback === command ? undefined : found.fallback);
  const entry = (wanted !== undefined && labelled(entries, wanted.split(/\s+/)[0] ?? '')) || entries[0];
  return { ...(entry && { entry }), ui: program, command, entries };
}

type Draft = {
  label: string;
  kernel?: string;
  append?: string;
  initrd?: string;
  localBoot?: number;
};
type Found = {
  entries: Draft[];
  globalAppend: string;
  fallback?: string;
  ui?: string;
  menuDefault?: string;
};

function take(found: Found, { keyword, value }: Directive): void {
  const draft = found.entries.at(-1);
  const first = value.split(/\s+/)[0]?.toLowerCase();
  if (keyword === 'label') found.entries.push({ label: value });
  else if (keyword === 'default') found.fallback = value;
  else if (keyword === 'ui') found.ui = value;
  else if (keyword === 'append' && !draft) found.globalAppend = value;
  else if (!draft) return;
  else if (KERNEL_KEYWORDS.has(keyword)) draft.kernel = value;
  else if (keyword === 'append') draft.append = value;
  else if (keyword === 'initrd') draft.initrd = value;
  else if (keyword === 'localboot') draft.localBoot = Number.parseInt(value, 10) || 0;
  else if (keyword === 'menu' && first === 'default') found.menuDefault = draft.label;
}

function finish(draft: Draft, globalAppend: string): SyslinuxEntry {
  // "APPEND -" cancels the global APPEND; a label's own APPEND replaces it.
  const append = draft.append === '-' ? '' : (draft.append ?? globalAppend);
  return {
    label: draft.label,
    append,
    initrds: initrdsOf(append, draft.initrd),
    ...(draft.localBoot !== undefined
      ? { localBoot: draft.localBoot }
      : { kernel: draft.kernel ?? draft.label }),
  };
}

/** INITRD wins over `initrd=`; with several `initrd=` the last one counts, as with any kernel option. */
function initrdsOf(append: string, initrd: string | undefined): string[] {
  const inAppend = append
    .split(/\s+/)
    .filter((word) => word.startsWith('initrd='))
    .at(-1)
    ?.slice('initrd='.length);
  return (initrd ?? inAppend ?? '').split(',').filter((name) => name !== '');
}

function labelled(entries: readonly SyslinuxEntry[], name: string): SyslinuxEntry | undefined {
  return entries.find((entry) => entry.label === name);
}

/** A command line is a label with further options, or else a file with its arguments. */
function resolveCommand(entries: readonly SyslinuxEntry[], command: string): SyslinuxEntry {
  const [program = '', ...rest] = command.split(/\s+/);
  const options = rest.join(' ');
  const entry = labelled(entries, program);
  if (!entry)
    return { label: program, kernel: program, append: options, initrds: initrdsOf(options, undefined) };
  if (options === '') return entry;
  const append = [entry.append, options].filter((part) => part !== '').join(' ');
  return { ...entry, append, initrds: initrdsOf(append, entry.initrds.join(',') || undefined) };
}
