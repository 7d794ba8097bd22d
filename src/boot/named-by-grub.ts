import { linesOf, type Name, type Named, type NamedFile, tidy } from './named-files.ts';

const GRUB_KERNELS = /^(linux|linux16|linuxefi|kernel|multiboot2?|chainloader|xen_hypervisor)$/;
const GRUB_INITRDS = /^(initrd|initrd16|initrdefi|module2?|xen_module|devicetree)$/;
const GRUB_CONFIGS = /^(configfile|source|normal|\.)$/;

/** Where modules lie below GRUB's prefix, by platform. */
const PLATFORMS: readonly string[] = [
  'x86_64-efi',
  'i386-pc',
  'arm64-efi',
  'i386-efi',
  'arm-efi',
  'riscv64-efi',
];

/** Files of a `grub.cfg` that lies on the server; `prefix`: its folder, where modules lie too (`grub/`). Never throws. */
export function namedByGrub(text: string, prefix: string): Named {
  const files: NamedFile[] = [];
  let conditions = 0;
  // `search` and `set root` turn to the machine's own disks: in an entry until its end, outside for good.
  let away = { outside: false, here: false };
  for (const [index, raw] of linesOf(text).entries()) {
    const words = grubWords(raw);
    const command = words[0] ?? '';
    if (command === 'menuentry' || command === 'submenu' || command === '}') {
      away = { ...away, here: away.outside };
    }
    if (turnsAway(words)) away = { outside: away.outside || !/^\s/.test(raw), here: true };
    const before = conditions;
    for (const word of words) {
      if (word === 'if') conditions++;
      else if (word === 'fi') conditions = Math.max(0, conditions - 1);
    }
    if (before > 0 || conditions > 0 || away.here) continue;
    for (const { name, kind } of grubNames(command, words.slice(1))) {
      const paths = kind === 'grub-module' ? modulePaths(name, prefix) : grubPaths(name);
      if (paths.length > 0) files.push({ paths, name, line: index + 1, kind });
    }
  }
  return { files, modulePath: [] };
}

function modulePaths(name: string, prefix: string): string[] {
  if (!/^[\w-]+$/.test(name)) return [];
  return PLATFORMS.map((platform) => tidy(`${prefix}${platform}/${name}.mod`));
}

function grubNames(command: string, rest: readonly string[]): Name[] {
  const plain = rest.filter((word) => !word.startsWith('-'));
  const first = plain[0];
  if (first === undefined) return [];
  if (GRUB_KERNELS.test(command)) return [{ name: first, kind: 'kernel' }];
  // Of a `module` the rest are its arguments.
  if (GRUB_INITRDS.test(command)) {
    const all = command.startsWith('initrd') ? plain : [first];
    return all.map((name) => ({ name, kind: 'initrd' }));
  }
  if (command === 'insmod') return [{ name: first, kind: 'grub-module' }];
  if (GRUB_CONFIGS.test(command)) return [{ name: first, kind: 'config' }];
  return [];
}

function turnsAway(words: readonly string[]): boolean {
  if (words[0] === 'search') return true;
  const given = words[0] === 'set' || words[0] === 'export' ? words[1] : words[0];
  return given !== undefined && /^root=/.test(given) && !/^root=\(?(tftp|pxe|http|net)/.test(given);
}

function grubWords(raw: string): string[] {
  const line = raw.trim();
  if (line.startsWith('#')) return [];
  const words = line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words
    .map((word) => word.replace(/^(["'])(.*)\1$/, '$2').replace(/;$/, ''))
    .filter((word) => word !== '');
}

function grubPaths(name: string): string[] {
  if (/[$*?]/.test(name)) return [];
  const [, device, path = ''] = /^\(([^)]*)\)(.*)$/.exec(name) ?? [undefined, undefined, name];
  // `(tftp,10.0.0.2)` may be another server; `+1` are blocks of a disk.
  if ((device !== undefined && device !== 'tftp' && device !== 'pxe') || /^\+\d/.test(path)) return [];
  return path === '' ? [] : [tidy(path)];
}
