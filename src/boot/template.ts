import { formatIpv4, hexIpv4, type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { fillPlaceholders, placeholdersOf } from '../lib/placeholder.ts';
import { type BootMachine, isUBoot } from './machine.ts';
import type { Profile } from './profile.ts';

/** What `${…}` may name in a profile; the configuration refuses every other name when it is loaded. */
export const VALUE_NAMES = [
  'mac',
  'mac-hyp',
  'ip',
  'hex-ip',
  'uuid',
  'hostname',
  'next-server',
  'http',
  'serial',
  'tags',
] as const;

/** Those that may stand in a path: the others hold `:`, `/` or `,`, which loaders take for something else there. */
export const PATH_VALUE_NAMES: readonly string[] = ['mac-hyp', 'ip', 'hex-ip', 'uuid', 'hostname'];

export type ValueName = (typeof VALUE_NAMES)[number];

/** One value for each name; empty where it is not known of the machine. */
export type TemplateValues = Readonly<Record<ValueName, string>>;

/** What the server's side gives. `http`: where the boot root can be had by HTTP, when it can. */
export type ServerFacts = {
  readonly nextServer: Ipv4;
  readonly http?: string;
  readonly tags: readonly string[];
};

/**
 * The values of one machine, safe to be put into the configuration of any loader. No serial number is among them: nobody tells
 * the server, see rendering.ts.
 */
export function valuesOf(machine: BootMachine, { nextServer, http, tags }: ServerFacts): TemplateValues {
  const server = nextServer === UNSPECIFIED ? '' : formatIpv4(nextServer);
  return {
    mac: machine.mac,
    'mac-hyp': machine.mac.replaceAll(':', '-'),
    ip: formatIpv4(machine.ip),
    'hex-ip': hexIpv4(machine.ip),
    uuid: uuidOf(machine),
    hostname: tame(machine.hostname),
    'next-server': server,
    http: rootUrl(http ?? '', server),
    serial: '',
    tags: tags.join(','),
  };
}

/** As the machine itself would print it: U-Boot sends its `pxeuuid` in the order it is written, firmware reverses three fields. */
function uuidOf(machine: BootMachine): string {
  return (isUBoot(machine) ? machine.uuid?.wire : machine.uuid?.smbios) ?? '';
}

/** Without a slash at its end; empty where it would be without a host. */
function rootUrl(http: string, server: string): string {
  if (server === '' && placeholdersOf(http).length > 0) return '';
  return fillPlaceholders(http, (name) => (name === 'next-server' ? server : undefined)).replace(/\/+$/, '');
}

/** Longer than any name: what DHCP options hold. */
const LONGEST_VALUE = 255;

/**
 * What a machine says of itself, as text that ends no line, quote, word or path component of any loader: a host name of
 * "x init=/bin/sh" must not become an argument of the kernel. Other characters than letters, digits, `_`, `.` and `-`
 * become `_`, and so do dots that could climb out of a folder.
 */
export function tame(foreign: string | undefined): string {
  return (foreign ?? '')
    .slice(0, LONGEST_VALUE)
    .replace(/[^\w.-]/g, '_')
    .replace(/^\.|\.(?=\.|$)/g, '_');
}

/** Text with its values put in. */
export function fill(text: string, values: TemplateValues): string {
  return fillPlaceholders(text, (name) => (isValueName(name) ? values[name] : undefined));
}

function isValueName(name: string): name is ValueName {
  return (VALUE_NAMES as readonly string[]).includes(name);
}

/**
 * The profile as this machine gets it: placeholders filled in its paths and arguments. The same object when it has none.
 *
 *     profileFor({ kind: 'loader', name: 'x', file: '${mac-hyp}.efi' }, values).file // '52-54-00-12-34-56.efi'
 */
export function profileFor(profile: Profile, values: TemplateValues): Profile {
  if (profile.kind === 'kernel') {
    const { kernel, initrds, args, fdtdir } = profile;
    if (![kernel, ...initrds, args, fdtdir].some((text) => text?.includes('${'))) return profile;
    return {
      ...profile,
      kernel: fill(kernel, values),
      initrds: initrds.map((path) => fill(path, values)),
      args: fill(args, values),
      ...(fdtdir !== undefined && { fdtdir: fill(fdtdir, values) }),
    };
  }
  if (profile.kind === 'loader' && profile.file.includes('${')) {
    return { ...profile, file: fill(profile.file, values) };
  }
  return profile;
}
