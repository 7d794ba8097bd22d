import { z } from 'zod';
import { quirkNames } from './menu-schema.ts';
import { type CodedOption, readConfiguredOption } from './option-values.ts';
import { profile, profileName } from './profile-schema.ts';
import * as value from './values.ts';

/**
 * Networks, hosts, templates and rules: what is said of whom. What a client is told ({@link terms}) is written alike in all
 * four; a host goes before a rule, that before its network, that before all networks.
 */

const name = z.string().min(1);

export const fileName = z.string().min(1).max(127, 'must fit the 127 octets of the DHCP header field "file"');

/** A word that clients are marked with. */
const tag = z.string().regex(/^[\w.-]+$/, 'a tag is made of letters, digits, _ . and -');

/** Boot file of one circle: a path, or a URL, which goes into option 67 alone. */
export const pathOrUrl = z
  .string()
  .min(1)
  .max(254, 'must fit the 255 octets of option 67, a final NUL among them')
  .refine((file) => file.length <= 127 || /^[a-z][a-z0-9+.-]*:\/\//i.test(file), {
    error: 'must fit the 127 octets of the DHCP header field "file"',
  });

/** Options by name or number; each mistake at its own key. `also`: codes with a key of their own in narrower circles. */
function optionsWith(also: readonly number[]) {
  return z.record(z.string(), z.unknown()).transform((given, context): readonly CodedOption[] => {
    const found = new Map<number, CodedOption>();
    for (const [key, one] of Object.entries(given)) {
      const option = readConfiguredOption(key, one, { also });
      const mistake = (message: string) =>
        context.issues.push({ code: 'custom', input: one, path: [key], message });
      if (!option.ok) mistake(option.reason);
      else if (found.has(option.value.code)) mistake(`is option ${option.value.code}, which is set already`);
      else found.set(option.value.code, option.value);
    }
    return [...found.values()];
  });
}

const options = optionsWith([]);

const nextServer = z.union([z.literal('auto'), value.ipv4], {
  error: ({ input }) => `expected auto or an IPv4 address like 192.168.77.1, got ${JSON.stringify(input)}`,
});

const terms = {
  filename: pathOrUrl.optional().describe('Boot file.'),
  profile: profileName.optional().describe('What it boots: one of profiles, or local.'),
  'next-server': nextServer.optional().describe('TFTP server; auto = pxed itself.'),
  routers: value.listOf(value.ipv4).optional().describe('Option 3; [] for none.'),
  'domain-name-servers': value.listOf(value.ipv4).optional().describe('Option 6.'),
  'domain-name': name.optional().describe('Option 15.'),
  lease: value.duration.optional().describe('How long a lease lasts when the client asks for nothing else.'),
  'lease-min': value.duration.optional().describe('Shorter wishes are raised to this.'),
  'lease-max': value.duration.optional().describe('Longer wishes are cut to this.'),
  'lease-boot': value.duration
    .optional()
    .describe('Lease of firmware and boot loaders; as lease when left out.'),
  options: options.optional().describe('Further options by name or number, typed, or as hex:….'),
  tags: value.listOf(tag).optional().describe('Words that pools and rules know its clients by.'),
  quirks: quirkNames.optional().describe('How firmware is answered, whatever boot.quirks says.'),
};

const inherits = value
  .listOf(name)
  .optional()
  .describe('Templates whose settings hold where nothing else is said here; of several the later wins.');

export const template = z.strictObject({ template: inherits, ...terms });

/** A range, for everybody or for some. */
const pool = z.union(
  [
    value.addressRange,
    z.strictObject({
      range: value.listOf(value.addressRange).describe('Addresses to hand out.'),
      allow: value.listOf(tag).optional().describe('Only to clients with one of these tags.'),
      deny: value.listOf(tag).optional().describe('To none with one of these tags.'),
    }),
  ],
  { error: ({ input }) => value.notRange(input) },
);

const unknownClients = z.enum(['allow', 'deny']);

export const network = z.strictObject({
  subnet: value.subnet.describe('The network this entry is about.'),
  template: inherits,
  interface: name.optional().describe('Its clients are behind this interface, whatever addresses that has.'),
  relays: value
    .listOf(value.ipv4)
    .optional()
    .describe('Relays outside of the subnet (giaddr) whose clients are of it.'),
  'shared-network': name
    .optional()
    .describe('Networks of one name share a link: clients may get an address of any.'),
  range: value.listOf(pool).optional().describe('Addresses to hand out; the whole subnet when left out.'),
  exclude: value.listOf(value.addressRange).optional().describe('Addresses never handed out.'),
  'unknown-clients': unknownClients
    .optional()
    .describe('deny: nothing for clients without an entry in hosts.'),
  'match-client-id': z.boolean().optional().describe('Identify by option 61, not by MAC.'),
  'ipv6-only': value.duration
    .optional()
    .describe('Clients that ask for option 108 get no address, and do without IPv4 for so long.'),
  'auto-configure': z
    .boolean()
    .optional()
    .describe('false: clients that get no address are told not to make one up (option 116).'),
  ...terms,
});

/** What a host, or a rule, may know a machine by. */
const agent = {
  'circuit-id': value.octetText,
  'remote-id': value.octetText,
  relay: value.ipv4,
};

export const host = z.strictObject({
  mac: value.mac.optional().describe('The machine with this hardware address.'),
  'client-id': value.hexText.optional().describe('The machine that sends this option 61, in hex.'),
  uuid: value.uuid.optional().describe('The machine with this UUID (option 97), in either byte order.'),
  'circuit-id': agent['circuit-id']
    .optional()
    .describe('The machine at this port of a relay (82.1): text, or hex:….'),
  'remote-id': agent['remote-id']
    .optional()
    .describe('The machine behind this relay agent (82.2): text, or hex:….'),
  relay: agent.relay.optional().describe('And only through the relay with this giaddr.'),
  hostname: name
    .optional()
    .describe('Option 12; without a selector above, the machine that says it is called so.'),
  address: value.ipv4.optional().describe('Always this address.'),
  template: inherits,
  ...terms,
});

const match = z.strictObject({
  arch: value
    .listOf(z.union([z.string(), z.int()]))
    .optional()
    .describe('Name or number of option 93.'),
  stage: value
    .listOf(z.enum(['firmware', 'ipxe', 'loader', 'installer', 'os', 'unknown']))
    .optional()
    .describe('How far its boot has come.'),
  'vendor-class': value.listOf(name).optional().describe('How option 60 begins.'),
  'user-class': value.listOf(name).optional().describe('A class of option 77.'),
  mac: value.listOf(value.macHead).optional().describe('A MAC, or how it begins.'),
  'client-id': value.listOf(value.hexText).optional().describe('Option 61, in hex.'),
  uuid: value.listOf(value.uuid).optional().describe('Option 97, in either byte order.'),
  hostname: value.listOf(name).optional().describe('Option 12, in full or its first label.'),
  subnet: value.listOf(value.subnet).optional().describe('The network of the client lies in it.'),
  interface: value.listOf(name).optional().describe('Where the request came in.'),
  relay: value.listOf(agent.relay).optional().describe('The relay (giaddr) it came through.'),
  'circuit-id': value.listOf(agent['circuit-id']).optional().describe('82.1: text, or hex:….'),
  'remote-id': value.listOf(agent['remote-id']).optional().describe('82.2: text, or hex:….'),
  tag: value.listOf(tag).optional().describe('A tag of its network or host, or of a rule above.'),
});

export const rule = z.strictObject({
  match: match.prefault({}).describe('All of these must hold; of a list, one. Nothing: everybody.'),
  // biome-ignore lint/suspicious/noThenProperty: rules read "match … then …"; nobody awaits one.
  then: z.strictObject({
    ...terms,
    ignore: z.boolean().optional().describe('No answer at all.'),
    continue: z
      .boolean()
      .optional()
      .describe('Later rules are looked at too, for what this one does not say.'),
  }),
});

/** The keys of this file that stand at the top. */
export const circles = {
  'unknown-clients': unknownClients
    .default('allow')
    .describe('deny: nothing for clients without an entry in hosts; networks may differ.'),
  // Name servers and domain of all networks; a router is somebody on one's own network.
  options: optionsWith([6, 15]).default([]).describe('Options of all networks.'),
  profiles: z
    .record(profileName, profile)
    .default({})
    .describe('What machines boot, by name, for every loader.'),
  profile: profileName
    .optional()
    .describe('The profile of machines for which no host, rule or network names one.'),
  templates: z.record(z.string(), template).default({}).describe('Settings for several hosts and networks.'),
  networks: z.array(network).default([]),
  hosts: z.array(host).default([]),
  rules: z.array(rule).default([]).describe('The first that matches holds.'),
};
