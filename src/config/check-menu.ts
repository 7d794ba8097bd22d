import { checkArchName } from './check-rules.ts';
import type { Finding } from './load.ts';
import type { MenuConfig } from './menu-schema.ts';

/** What one option holds, and all of it that EDK2 reads. */
const MOST_OCTETS = 255;

/** Mistakes in `boot.menu` that no single key shows. */
export function checkMenu(menu: MenuConfig | undefined, archNames: readonly string[]): Finding[] {
  if (!menu) return [];
  const at = ['boot', 'menu', 'entries'];
  const types = new Map<number, number>();
  const findings = menu.entries.flatMap(({ local, filename, server, type, arch }, index) => {
    const found: Finding[] = [];
    const mistake = (key: string, message: string) => found.push({ path: [...at, index, key], message });
    if (local && (filename !== undefined || server !== undefined || type !== undefined)) {
      mistake('local', 'is the machine’s own disk: there is no filename, server or type to it');
    }
    if (server && filename !== undefined) mistake('filename', 'is for that server to say: leave it out');
    if (server && type === undefined) mistake('server', 'needs the type that this server answers to');
    const before = type === undefined ? undefined : types.get(type);
    if (before !== undefined) mistake('type', `is that of entries[${before}] already`);
    if (type !== undefined) types.set(type, before ?? index);
    for (const [i, name] of (arch ?? []).entries()) {
      found.push(...checkArchName(String(name), archNames, [...at, index, 'arch', i]));
    }
    return found;
  });
  if (menu.entries.every(({ local }) => local)) {
    findings.push({ path: at, message: 'have nothing to boot but the own disk' });
  }
  const octets = octetsOf(menu);
  if (octets > MOST_OCTETS) {
    const message = `the menu takes ${octets} octets of option 43, which holds ${MOST_OCTETS}: fewer or shorter lines`;
    findings.push({ path: ['boot', 'menu'], message });
  }
  return findings;
}

/** Of 43.6, 43.8, 43.9, 43.10 and the end mark (PXE 2.1 Table 2-1). */
function octetsOf({ prompt, entries }: MenuConfig): number {
  const length = (text: string) => new TextEncoder().encode(text).length;
  const servers = entries
    .filter(({ local }) => !local)
    .reduce((sum, { server }) => sum + 3 + 4 * (server?.length ?? 1), 0);
  const lines = entries.reduce((sum, { text }) => sum + 3 + length(text), 0);
  return 3 + (2 + servers) + (2 + lines) + (3 + length(prompt)) + 1;
}
