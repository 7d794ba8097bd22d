import { z } from 'zod';
import { control } from './control-schema.ts';
import { menu, quirks } from './menu-schema.ts';
import { circles, fileName, pathOrUrl } from './network-schema.ts';
import * as value from './values.ts';

/**
 * The configuration file, key by key: the one source of its types, its JSON Schema and its checks. What is accepted
 * here works; a key of a later version is refused with its line.
 */

const name = z.string().min(1);

const RELINK = 'expected true, false or the name of a file of pxelinux.cfg';
/** YAML 1.2 reads `yes` as a word: whoever writes that means true, and no file of that name. */
const linkTarget = value.entryName.refine((text) => !/^(yes|no|on|off)$/i.test(text), RELINK);
const boot = z.strictObject({
  filename: fileName
    .default('pxelinux.0')
    .describe('For BIOS and BOOTP, and for whoever no other rule has a file.'),
  arch: z
    .record(z.string(), pathOrUrl)
    .default({})
    .describe('Files by architecture: name or number of option 93.'),
  'arch-override': z
    .array(
      z.strictObject({
        'vendor-class': name.optional().describe('How option 60 begins.'),
        mac: value.macHead.optional().describe('A MAC, or how it begins.'),
        uuid: value.uuid.optional().describe('Option 97, in either byte order.'),
        arch: z.union([z.string(), z.int()]).describe('What it is: name or number of option 93.'),
      }),
    )
    .optional()
    .describe('Machines whose firmware says a wrong architecture; the first that matches holds.'),
  http: value.httpUrl
    .optional()
    .describe(
      'Where the root can be had by HTTP: UEFI machines that boot by HTTP get its files below this URL.',
    ),
  ipxe: pathOrUrl.optional().describe('Script or URL for clients that are iPXE; boot.ipxe if it exists.'),
  menu: menu.optional().describe('A menu that PXE firmware shows by itself; none when left out.'),
  quirks: quirks
    .default('auto')
    .describe('How firmware is answered: auto = in another way when it does not boot; off = the usual way.'),
  relink: z
    .union([z.boolean(), linkTarget], RELINK)
    .default(false)
    .describe('Point the link of a machine that fetched Kickstart_end to this file; true = default.'),
});

const bootp = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Answer BOOTP clients that have a reservation or fit the range.'),
  range: z
    .union([z.literal('network'), value.listOf(value.addressRange)])
    .default([])
    .describe('Addresses given for ever to unknown BOOTP clients; network = those of DHCP; none by default.'),
});

const tftp = z.strictObject({
  enabled: z.boolean().default(true),
  root: name.optional().describe('Folder to serve.'),
  port: z.int().min(0).max(65_535).default(69),
  writes: z.enum(['off', 'create', 'overwrite']).default('off').describe('What clients may upload.'),
  'upload-max': value.size.default(1024 ** 3).describe('Largest upload.'),
  'single-port': z
    .boolean()
    .default(false)
    .describe('Answer from the listening port (NAT, container bridges).'),
  ports: value.portRange.optional().describe('Local ports of transfers; the system chooses when left out.'),
  'blksize-max': z
    .union([z.literal('mtu'), z.int().min(8).max(65_464)])
    .default('mtu')
    .describe('Largest block granted; mtu = what fits one frame of the interface.'),
  'windowsize-max': z.int().min(1).max(65_535).default(64).describe('Largest window granted, in blocks.'),
  'max-transfers': z
    .int()
    .min(1)
    .max(100_000)
    .default(2000)
    .describe('Transfers at once; more are refused, in words.'),
  'max-transfers-per-client': z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('Transfers of one address at once; three quarters of max-transfers when left out.'),
  pace: z
    .union([z.literal('auto'), z.literal('off'), z.int().min(1).max(400_000)])
    .default('auto')
    .describe('Mbit/s that windows may fill; auto = the speed of the interface.'),
  workers: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Threads that serve files; one less than there are processors when left out.'),
  rollover: z
    .union([z.literal(0), z.literal(1), z.literal('forbid')])
    .default(0)
    .describe('Block after 65535.'),
  'ignore-case': z
    .boolean()
    .default(true)
    .describe('Find a file by another case when the exact name is missing.'),
  multicast: value.multicastGroup
    .optional()
    .describe('First of 16 group addresses a worker sends files to (RFC 2090); off when left out.'),
  msftwindow: z
    .boolean()
    .default(false)
    .describe('Grant Windows boot managers windows that change with every ACK.'),
  rfc1350: z.boolean().default(false).describe('Switch every TFTP extension off.'),
});

const http = z.strictObject({
  enabled: z
    .union([z.literal('auto'), z.boolean()])
    .default('auto')
    .describe('Serve the same root by HTTP; auto = where TFTP is served and the port is free.'),
  port: z.int().min(1).max(65_535).default(80),
});

const log = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug', 'trace']).default('info'),
  format: z
    .enum(['auto', 'text', 'json', 'journal'])
    .default('auto')
    .describe('auto = text on a terminal, journal where systemd keeps the log, else json.'),
});

export const schema = z.strictObject({
  version: z.literal(1, 'must be 1, the only version there is'),
  interfaces: z
    .array(name)
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'names an interface twice')
    .optional()
    .describe('Interfaces whose machines boot.'),
  mode: z
    .enum(['auto', 'dhcp', 'proxy', 'off'])
    .default('auto')
    .describe('auto = dhcp, or proxy where another server answers; dhcp = full server; off = no DHCP.'),
  'rogue-watch': z
    .boolean()
    .default(true)
    .describe('Look for other DHCP servers each minute, and tell of them.'),
  'answer-all': z
    .boolean()
    .default(false)
    .describe('Answer every DHCP client, not only those that boot here.'),
  authoritative: z.boolean().default(false).describe('We alone give addresses here: refuse strangers’ ones.'),
  limits: z
    .strictObject({
      'per-client': z
        .union([z.literal('off'), z.int().min(1).max(1_000_000)])
        .default(30)
        .describe('DHCP and BOOTP requests of one client that are looked at in a second.'),
      'per-relay': z
        .union([z.literal('off'), z.int().min(1).max(1_000_000)])
        .default('off')
        .describe('The same through one relay.'),
    })
    .prefault({}),
  'rapid-commit': z
    .boolean()
    .default(false)
    .describe('Acknowledge a DISCOVER with option 80 at once (RFC 4039); for the only server of a network.'),
  'min-secs': z
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe('Leave clients that have not been asking for so many seconds to other servers.'),
  'subnet-selection': z
    .boolean()
    .default(false)
    .describe('Let option 118 choose the network of a client (RFC 3011).'),
  'trust-82-without-giaddr': z
    .boolean()
    .default(true)
    .describe('Heed and echo option 82 of requests that came through no relay.'),
  'inform-via-relay': z
    .boolean()
    .default(true)
    .describe('Answer a relayed INFORM through the relay; false: to the client itself.'),
  leasequery: value
    .listOf(value.ipv4)
    .default([])
    .describe('Relays that may ask who has which lease (RFC 4388).'),
  'conflict-probe': z
    .boolean()
    .default(true)
    .describe('Ask for an address (ARP, ping) before its first offer.'),
  ...circles,
  boot: boot.prefault({}),
  bootp: bootp.prefault({}),
  bootptab: name.optional().describe('Machines as CMU bootpd knows them: a bootptab(5) file, beside hosts.'),
  tftp: tftp.prefault({}),
  http: http.prefault({}),
  control: control.prefault({}),
  log: log.prefault({}),
  capture: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('Keep the last packets of each machine; auto = while the interfaces are not busy.'),
  state: name
    .optional()
    .describe('Folder that keeps leases over restarts; memory = nowhere; /var/lib/pxed when left out.'),
  user: name.optional().describe('Who to run as after start; pxed if that user exists, else nobody.'),
  group: name.optional(),
});

/** A checked configuration: addresses are numbers, times seconds, sizes octets. */
export type Config = z.output<typeof schema>;
/** The same as people write it: addresses are text, times may be `12h`. */
export type ConfigInput = z.input<typeof schema>;
export type NetworkConfig = Config['networks'][number];
export type HostConfig = Config['hosts'][number];
export type RangeConfig = NonNullable<NetworkConfig['range']>[number];
export type TemplateConfig = Config['templates'][string];
export type RuleConfig = Config['rules'][number];
