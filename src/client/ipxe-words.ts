/** The words of iPXE's scripts: lines into commands, settings into text, names into URIs. */
import { archOf } from '../boot/arch-table.ts';
import { fromHex, latin1Encode, toHex } from '../lib/bytes.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { nameOf } from './file-location.ts';
import type { Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';
import type { Location } from './step.ts';

/** One command of a line, and when it runs: after success (`&&`), after failure (`||`), or first. */
export type Command = { readonly when: 'first' | '&&' | '||'; readonly words: readonly string[] };

/** Splits a line (ipxe.org/scripting); quotes and backslashes as iPXE has them. `expand` replaces `${…}` in each word. */
export function commandsOf(line: string, expand: (text: string) => string): Command[] {
  const commands: Command[] = [];
  let when: Command['when'] = 'first';
  let words: string[] = [];
  for (const word of wordsOf(expand(line))) {
    if (word !== '&&' && word !== '||') {
      words.push(word);
      continue;
    }
    commands.push({ when, words });
    when = word;
    words = [];
  }
  commands.push({ when, words });
  // Nothing behind `||` does nothing, and what failed before it is forgiven.
  return commands.filter((command) => command.words.length > 0 || command.when === '||');
}

function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    words.push(
      match[0].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) =>
        double === undefined ? (single ?? escaped) : double.replace(/\\(.)/g, '$1'),
      ),
    );
  }
  return words;
}

/** The first word that is neither an option nor an option's value, and what follows it. */
export function operandsOf(words: readonly string[]): readonly string[] {
  for (let i = 0; i < words.length; i++) {
    if (!words[i]!.startsWith('-')) return words.slice(i);
    if (/^(-n|--name|-t|--timeout|-d|--default|-k|--key|-e|--ext|-m|--menu)$/.test(words[i]!)) i++;
  }
  return [];
}

/** The value of an option, `--default x`, `-d x` or `--default=x`. */
export function optionOf(words: readonly string[], long: string, short: string): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word === long || word === short) return words[index + 1];
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
  }
  return undefined;
}

/** `${net0/mac:hexhyp}`: a setting's value, in a form; unknown ones are empty. */
export function expandSettings(text: string, value: (name: string) => string | undefined): string {
  let out = text;
  // Names may be made of settings: the innermost come first. A value is not looked at again for ever.
  for (let depth = 0; depth < 4 && out.includes('${'); depth++) {
    out = out.replace(/\$\{([^${}]*)\}/g, (_, expression: string) => {
      const [name = '', form = ''] = expression.split(':', 2);
      return inForm(value(name.replace(/^net[0-9X]\/|^netX\//, '').replace(/^net0\.dhcp\//, '')) ?? '', form);
    });
  }
  return out;
}

function inForm(value: string, form: string): string {
  const octets = /^([0-9a-f]{2}:)+[0-9a-f]{2}$/i.test(value)
    ? fromHex(value)
    : latin1Encode(latin1Only(value));
  switch (form) {
    case 'hexhyp':
      return toHex(octets, '-');
    case 'hexraw':
      return toHex(octets);
    case 'hex':
      return toHex(octets, ':');
    case 'uristring':
      return encodeURIComponent(value);
    default:
      return value;
  }
}

function latin1Only(text: string): string {
  return text.replace(/[^\0-\xff]/g, '?');
}

/** What iPXE knows of its machine. */
export function builtInSettings(
  rom: RomIdentity,
  lease: Lease,
  uuid: string | undefined,
): Map<string, string> {
  const arch = archOf(rom.arch ?? 0);
  const efi = arch.firmware === 'efi';
  const names: Partial<Record<string, string>> = {
    x64: 'x86_64',
    aa64: 'arm64',
    arm: 'arm32',
    riscv64: 'riscv64',
  };
  return new Map([
    ['mac', rom.mac],
    ['ip', formatIpv4(lease.ip)],
    ['next-server', formatIpv4(lease.bootServer)],
    ['dhcp-server', formatIpv4(lease.dhcpServer)],
    ['filename', lease.bootFile],
    ['gateway', lease.router === undefined ? '' : formatIpv4(lease.router)],
    ['platform', efi ? 'efi' : 'pcbios'],
    ['buildarch', names[arch.cpu] ?? 'i386'],
    ['uuid', uuid ?? ''],
    ['chip', 'pxed-selftest'],
    ['version', '1.21.1'],
  ]);
}

/** A URI relative to that of the script (RFC 3986 §5.2); a path is below the root of its server. */
export function resolveUri(name: string, script: Location): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return name;
  const base =
    'url' in script
      ? nameOf(script)
      : `tftp://${formatIpv4(script.server)}/${script.path.replace(/^\/+/, '')}`;
  const [, origin = '', path = ''] = /^([a-z]+:\/\/[^/]*)(\/[^?#]*)?/i.exec(base) ?? [];
  if (name.startsWith('/')) return origin + name;
  return `${origin}${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${name}`;
}
