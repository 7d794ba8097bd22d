import { InvalidArgumentError, Option } from 'commander';
import { ARCH_NAMES } from '../app/arch-names.ts';
import { parseMulticastGroup, parsePortRange } from '../config/values.ts';
import { parseIpv4 } from '../lib/ipv4.ts';
import { parseMac } from '../lib/mac.ts';
import { nearNames } from '../lib/near.ts';
import { parseSize } from '../lib/size.ts';

/** Options that several tools share: same letters, same meanings everywhere. */

/** Reads an IPv4 address or refuses it in words. */
export function ipv4Argument(text: string): number {
  const address = parseIpv4(text);
  if (address === undefined) throw new InvalidArgumentError('Expected an IPv4 address like 192.168.77.1.');
  return address;
}

/** Of a machine, lower case. */
export function macArgument(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined) throw new InvalidArgumentError('Expected a MAC like 52:54:00:12:34:56.');
  return mac;
}

/** As dmidecode prints it. */
export function uuidArgument(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected a UUID like 564d8a10-97c2-4f05-9d3a-0123456789ab.');
}

/** A name or a number of option 93. */
export function archArgument(text: string): string {
  const known = ARCH_NAMES.some((name) => name.toLowerCase() === text.toLowerCase());
  if (known || /^\d{1,5}$/.test(text)) return text;
  const [near] = nearNames(text, ARCH_NAMES, 1);
  throw new InvalidArgumentError(
    near === undefined ? `Expected one of ${ARCH_NAMES.join(', ')}, or a number.` : `Did you mean ${near}?`,
  );
}

/** Collects up to three name servers, as many as old clients can hold. */
export function nameServerArgument(text: string, before: readonly number[] = []): readonly number[] {
  if (before.length === 3) throw new InvalidArgumentError('At most three name servers.');
  return [...before, ipv4Argument(text)];
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** `512k`, `100M`. */
export function sizeArgument(text: string): number {
  const size = parseSize(text);
  if (size === undefined) throw new InvalidArgumentError('Expected a size like 512k or 100M.');
  return size;
}

/** `30000-30999`. */
export function portRangeArgument(text: string): { first: number; last: number } {
  const range = parsePortRange(text);
  if (!range) throw new InvalidArgumentError('Expected a range like 30000-30999, above 1023.');
  return range;
}

/** An absolute path, or `off`. */
export function socketArgument(text: string): string | false {
  if (text === 'off') return false;
  if (text.startsWith('/')) return text;
  throw new InvalidArgumentError('Expected a path that begins with /, or off.');
}

function rolloverArgument(text: string): 0 | 1 | 'forbid' {
  if (text === '0' || text === '1') return text === '0' ? 0 : 1;
  if (text === 'forbid') return text;
  throw new InvalidArgumentError('Expected 0, 1 or forbid.');
}

function multicastArgument(text: string): { address: number; port: number } {
  const group = parseMulticastGroup(text);
  if (!group)
    throw new InvalidArgumentError('Expected a group address like 239.255.69.0 or 239.255.69.0:1758.');
  return group;
}

function paceArgument(text: string): 'auto' | 'off' | number {
  return text === 'auto' || text === 'off' ? text : wholeNumber(1, 400_000)(text);
}

/** Every tool has these. */
export const COMMON: readonly Option[] = [
  new Option('-c, --config <file>', 'YAML configuration; the command line wins over it'),
  new Option('-v, --verbose', 'tell every step'),
  new Option('-D, --debug', 'tell everything'),
  new Option('--log-format <format>', 'auto: text on a terminal, journal under systemd, else json').choices([
    'auto',
    'text',
    'json',
    'journal',
  ]),
  new Option('--user <name>', 'who to run as once the sockets are open (default: pxed, or nobody)'),
  new Option('--group <name>', "group to run as (default: the user's)"),
  new Option(
    '--control <socket>',
    'socket of pxectl; off = none (default: /run/pxed/pxed.sock where root starts pxed)',
  )
    .env('PXED_SOCKET')
    .argParser(socketArgument),
];

/** What clients are told; bootpd, dhcpd and pxed. */
export const ADDRESSING: readonly Option[] = [
  new Option('-t, --tftp-server <address>', 'TFTP server told to clients (default: own address)').argParser(
    ipv4Argument,
  ),
  new Option('-g, --gateway <address>', 'router told to clients (default: own address)').argParser(
    ipv4Argument,
  ),
  new Option('--bootptab <file>', 'machines as CMU bootpd knows them, beside hosts of the configuration'),
  new Option(
    '--state <folder>',
    'where leases are kept over restarts; memory = nowhere (default: /var/lib/pxed)',
  ).env('PXED_STATE'),
];

/** DHCP alone; dhcpd and pxed. */
export const DHCP: readonly Option[] = [
  new Option(
    '--mode <mode>',
    'hand out addresses (dhcp), leave that to another server (proxy), or see',
  ).choices(['auto', 'dhcp', 'proxy', 'off']),
  new Option('--no-rogue-watch', 'do not look for other DHCP servers'),
  new Option('-a, --answer-all-dhcp-requests', 'answer every DHCP client, not only those that boot here'),
  new Option('-n, --name-servers <address>', 'name server told to clients; up to three times').argParser(
    nameServerArgument,
  ),
  new Option('--authoritative', 'refuse requests for addresses that are not ours to give'),
  new Option('--no-conflict-probe', 'offer addresses without probing for other users first'),
];

/** RFC 1350 only. On tools without TFTP it is taken and has no effect, so that one command line fits all tools. */
export function rfc1350Option(hasTftp: boolean): Option {
  return new Option(
    '-r, --rfc1350',
    hasTftp ? 'switch every TFTP extension off' : 'accepted; has no effect here',
  );
}

/** Serving files by HTTP; pxed. */
export const HTTP: readonly Option[] = [
  new Option('--no-http', 'do not serve the root by HTTP too'),
  new Option('--http-port <port>', 'port of HTTP (default: 80, if it is free)').argParser(
    wholeNumber(1, 65_535),
  ),
];

/** Serving files; ptftpd and pxed. */
export const TFTP: readonly Option[] = [
  new Option('--allow-write', 'let clients upload new files').conflicts('allowOverwrite'),
  new Option('--allow-overwrite', 'let clients upload and replace files'),
  new Option('--upload-max <size>', 'largest upload').argParser(sizeArgument),
  new Option('--single-port', 'answer from the listening port (NAT, container bridges)'),
  new Option('--port-range <range>', 'local ports of transfers, like 30000-30999').argParser(
    portRangeArgument,
  ),
  new Option('--blksize-max <octets>', 'largest block granted (default: what fits the interface)').argParser(
    wholeNumber(8, 65_464),
  ),
  new Option('--windowsize-max <blocks>', 'largest window granted').argParser(wholeNumber(1, 65_535)),
  new Option('--max-transfers <count>', 'transfers at once; more are refused').argParser(
    wholeNumber(1, 100_000),
  ),
  new Option('--max-transfers-per-client <count>', 'transfers of one address at once').argParser(
    wholeNumber(1, 100_000),
  ),
  new Option('--pace <Mbit/s>', 'what windows may fill of the link: auto, off or a number').argParser(
    paceArgument,
  ),
  new Option('--multicast <address[:port]>', 'let clients read a file together (RFC 2090)').argParser(
    multicastArgument,
  ),
  new Option('--workers <count>', 'threads that serve files (default: processors less one)').argParser(
    wholeNumber(1, 256),
  ),
  new Option('--rollover <block>', 'block after 65535: 0, 1 or forbid').argParser(rolloverArgument),
  new Option('--no-ignore-case', 'names must match in case'),
];
