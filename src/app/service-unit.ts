/** What a unit for this machine, or an image, is to say. */
export type UnitWishes = {
  /** The command, its program with its whole path. */
  readonly command: readonly string[];
  /** Folders that pxed writes to, beside those that systemd makes for it. */
  readonly writes: readonly string[];
  /** Folders and programs that it needs; those below /home are hidden otherwise. */
  readonly reads: readonly string[];
};

/** Whoever finds it knows that a command may replace it. */
const MARK =
  '# Written by pxectl enable, which writes it anew. What is to outlast that belongs into a drop-in: systemctl edit pxed';

/** Folders of users, which ProtectHome hides. */
const HOMES = /^\/(home|root|run\/user)(\/|$)/;

/**
 * The unit of the package (config/pxed.service) with this command. Throws TypeError for a command that is no whole path, and for
 * words with a line break, which a unit cannot hold.
 */
export function unitFor(template: string, { command, writes, reads }: UnitWishes): string {
  if (!command[0]?.startsWith('/'))
    throw new TypeError('Cannot make a unit: a program is named by its whole path');
  const homes = [...command, ...reads, ...writes].some((path) => HOMES.test(path));
  const lines = template.split('\n').map((line) => {
    if (line.startsWith('ExecStart=')) return `ExecStart=${command.map(quoted).join(' ')}`;
    return line === 'ProtectHome=yes' && homes ? 'ProtectHome=read-only' : line;
  });
  const at = lines.indexOf('ProtectSystem=strict') + 1;
  lines.splice(at, 0, ...writes.map((path) => `ReadWritePaths=${quoted(path)}`));
  return [MARK, ...lines].join('\n');
}

/** Is it one that {@link unitFor} made? */
export function isOurUnit(text: string): boolean {
  return text.startsWith('# Written by pxectl enable');
}

/** A word of a command line (systemd.service(5), systemd.syntax(7)): `%` begins a specifier, `$` a variable. */
function quoted(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new TypeError('Cannot make a unit: a word has a line break');
  const safe = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (safe !== '' && /^[\w@%+=:,./$-]+$/.test(safe)) return safe;
  return `"${safe.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The lines of a section that matter, as pairs; a key may come again. For tests and for whoever compares. */
export function unitSettings(
  text: string,
): readonly (readonly [section: string, key: string, value: string])[] {
  const found: [string, string, string][] = [];
  let section = '';
  for (const line of text.split('\n')) {
    const [, named] = /^\[(.+)\]$/.exec(line) ?? [];
    if (named !== undefined) section = named;
    const equals = line.indexOf('=');
    if (equals > 0 && !line.startsWith('#'))
      found.push([section, line.slice(0, equals), line.slice(equals + 1)]);
  }
  return found;
}
