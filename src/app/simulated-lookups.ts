import { archCode, archOf } from '../boot/arch-table.ts';
import { describeClient } from '../boot/client.ts';
import type { BootProgress } from '../boot/install-once.ts';
import { grubImageOf, type LoaderKind, searchOf } from '../boot/loader-names.ts';
import { isUrl } from '../boot/policy.ts';
import type { BootPolicy } from '../boot/selection.ts';
import { hardwareAddress, readOption } from '../dhcp-packet/index.ts';
import { decodeTarget } from '../http/target.ts';
import { contains, formatIpv4, type Ipv4, subnetOf, UNSPECIFIED } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { createKnownClients } from '../server/boot/known-clients.ts';
import { createMachines } from '../server/boot/machine-of.ts';
import { createRenderedFiles, type RenderedFiles } from '../server/boot/rendered-files.ts';
import { treePath } from '../tftp/filename.ts';
import type { Exchange, Scene } from './simulation.ts';

/** Everything beside DHCP that decides about a machine's files. */
export type Shelf = Scene & {
  readonly links: readonly Scene['link'][];
  readonly policy?: BootPolicy | undefined;
  readonly progressOf: (mac: Mac) => BootProgress | undefined;
  /** A file of the tree, when it is one of a program's size. */
  readonly read?: (path: string) => Uint8Array | undefined;
};

/** One name that is asked for. */
export type Lookup = { readonly name: string } & (
  | { readonly found: 'file'; readonly sizeBytes?: number }
  | { readonly found: 'rendered'; readonly profile: string; readonly reason: string; readonly text: string }
  | { readonly found: 'nothing' | 'not-served-here' }
);

export type Lookups = {
  /** The boot file itself. */
  readonly bootFile: Lookup;
  /** Absent: nothing is known of what that program asks for. */
  readonly loader?: LoaderKind;
  /** In the order asked; the last one is found, unless none is. */
  readonly names: readonly Lookup[];
  readonly notes: readonly string[];
};

/** What the boot file of a conversation asks for, and what it finds; undefined when the machine is told no file. */
export function lookupsOf(exchanges: readonly Exchange[], shelf: Shelf, ip?: Ipv4): Lookups | undefined {
  const told = exchanges.findLast(({ reply }) => reply && fileOf(reply) !== '');
  if (!told?.reply) return undefined;
  const { packet } = told.reply;
  const file = fileOf(told.reply);
  const address = exchanges.findLast(({ reply }) => reply && reply.packet.yiaddr !== UNSPECIFIED)?.reply;
  const peer = address?.packet.yiaddr ?? ip;
  const here = isHere(file, packet.siaddr, shelf);
  const resolve = resolver(exchanges, { shelf, peer, here });
  const bootFile = resolve(file);
  const client = describeClient(told.request);
  const arch = archOfEvents(exchanges) ?? client.archs[0];
  const uuid = client.uuid?.wire;
  const image = here ? grubImageOf(file, arch) : undefined;
  const search = searchOf({
    mac: hardwareAddress(told.request),
    ip: peer ?? UNSPECIFIED,
    bootFile: file,
    isUBoot: client.kind === 'u-boot' || arch?.firmware === 'u-boot',
    arch,
    ...(uuid !== undefined && { uuid }),
    prefix: readOption(packet.options, 'path-prefix'),
    configFile: readOption(packet.options, 'config-file'),
    grubImage: image === undefined ? undefined : shelf.read?.(image),
  });
  if (!search) return { bootFile, names: [], notes: [`nothing is known of what ${file} asks for`] };
  const notes = [...search.notes];
  if (peer === undefined) {
    notes.push(
      'its address is not known, and may decide what it gets: say it by --ip; names with it are of 0.0.0.0',
    );
  }
  return { bootFile, loader: search.loader, names: untilFound(search.names, resolve), notes };
}

function untilFound(names: readonly string[], resolve: (name: string) => Lookup): Lookup[] {
  const asked: Lookup[] = [];
  for (const name of names) {
    const lookup = resolve(name);
    asked.push(lookup);
    if (lookup.found === 'file' || lookup.found === 'rendered') break;
  }
  return asked;
}

function fileOf({ packet }: NonNullable<Exchange['reply']>): string {
  return packet.file || (readOption(packet.options, 'bootfile-name') ?? '');
}

/** Is the file to be had of us: by a URL, or the server, that names one of our addresses? */
function isHere(file: string, server: Ipv4, { links }: Shelf): boolean {
  const own = links.flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
  if (!isUrl(file)) return server === UNSPECIFIED || own.includes(server);
  const [, host] = /^[a-z0-9+.-]+:\/\/([^/:]+)/i.exec(file) ?? [];
  return own.some((ip) => formatIpv4(ip) === host);
}

/** What the firmware said, as the server understood and remembers it. */
function archOfEvents(exchanges: readonly Exchange[]) {
  for (const event of exchanges.flatMap(({ events }) => events)) {
    const code = 'arch' in event && event.arch !== undefined ? archCode(event.arch) : undefined;
    if (code !== undefined) return archOf(code);
  }
  return undefined;
}

export type Asking = { readonly shelf: Shelf; readonly peer: Ipv4 | undefined; readonly here: boolean };

/**
 * Looks names up as the servers of files do it: a file of the tree, else what is made for whoever has this address. `exchanges` say
 * what is known of the machine.
 */
export function resolver(exchanges: readonly Exchange[], { shelf, peer, here }: Asking) {
  const rendered = renderedFor(exchanges, shelf);
  const utf8 = new TextDecoder();
  return (name: string): Lookup => {
    if (!here || !shelf.exists) return { name, found: 'not-served-here' };
    const path = pathOf(name);
    if (!path.ok) return { name, found: 'nothing' };
    if (shelf.exists(path.value.path)) {
      const sizeBytes = shelf.exists.sizeOf?.(path.value.path);
      return { name, found: 'file', ...(sizeBytes !== undefined && { sizeBytes }) };
    }
    const ask = { path: path.value.path, peer: formatIpv4(peer ?? UNSPECIFIED), protocol: 'tftp' as const };
    const made = rendered.render(ask);
    if (!made) return { name, found: 'nothing' };
    const { profile, reason, bytes } = made;
    return { name, found: 'rendered', profile, reason, text: utf8.decode(bytes) };
  };
}

/** A name, or a URL, as the server that is asked for it reads it. */
function pathOf(name: string) {
  if (!/^https?:/i.test(name)) return treePath(name.replace(/^tftp:\/\/[^/]*/i, ''));
  const target = decodeTarget(name);
  return target.ok ? treePath(target.value) : target;
}

function renderedFor(exchanges: readonly Exchange[], shelf: Shelf): RenderedFiles {
  const known = createKnownClients();
  for (const event of exchanges.flatMap(({ events }) => events)) known.hear(event);
  const machines = createMachines({
    leases: () => shelf.leases,
    known,
    neighbours: () => undefined,
    interfaceOf: (ip) => interfaceOf(shelf.links, ip),
    now: () => shelf.now,
  });
  return createRenderedFiles({
    machines,
    policy: () => shelf.policy,
    exists: () => shelf.exists,
    progressOf: shelf.progressOf,
    offered: () => {},
    emit: () => {},
    clock: () => 0,
  });
}

function interfaceOf(links: Shelf['links'], ip: Ipv4): string | undefined {
  return links.find(({ addresses }) => addresses.some((own) => contains(subnetOf(own.ip, own.length), ip)))
    ?.name;
}
