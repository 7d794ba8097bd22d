import { lookup } from 'node:dns/promises';
import type { Attachment } from '../client/attachment.ts';
import { createFrameAttachment } from '../client/frame-attachment.ts';
import { createRelayAttachment } from '../client/relay-attachment.ts';
import { contains, formatIpv4, type Ipv4, parseIpv4, subnetOf } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { InterfaceFacts, NetError, Network } from '../net/datagram.ts';

/** linux/if_ether.h: frames of every type. */
const ETH_P_ALL = 3;

/** A place to be connected at; what it is called, and an address of ours there. */
export type Place = { readonly attachment: Attachment; readonly where: string; readonly home: Mac };

/** Why there is none, in words. */
export class NoPlace extends Error {}

/** As a relay agent at `relay`, one of this host's addresses. Throws NoPlace. */
export async function openRelay(network: Network, relay: Ipv4): Promise<Place> {
  const dhcp = await network.bind({ address: relay, port: 67 });
  if (!dhcp.ok)
    throw new NoPlace(`Cannot be a relay at ${formatIpv4(relay)}: ${whyNot(dhcp.error, 'port 67')}`);
  const facts = network
    .interfaces()
    .find(({ addresses }) => addresses.some(({ address }) => address === relay));
  const attachment = createRelayAttachment(network, { address: relay, dhcp: dhcp.value });
  return { attachment, where: `relay ${formatIpv4(relay)}`, home: facts?.mac ?? '00:00:00:00:00:00' };
}

/** At an interface, by whole frames; `macs`: who is to be heard, undefined for so many that the card is to let all in. Throws NoPlace. */
export async function openInterface(
  network: Network,
  name: string,
  macs: (home: Mac) => readonly Mac[] | undefined,
): Promise<Place> {
  const facts = network.interfaces().find((each) => each.name === name);
  if (!facts) throw new NoPlace(`There is no interface ${name}`);
  if (!facts.up) throw new NoPlace(`${name} is down`);
  if (facts.loopback) throw new NoPlace(`${name} is no Ethernet: name another interface, or --relay`);
  const bound = network.bindFrames(name, ETH_P_ALL);
  if (!bound.ok) throw new NoPlace(`Cannot use ${name}: ${whyNot(bound.error, 'whole frames')}`);
  const wanted = macs(facts.mac);
  for (const mac of wanted ?? (['all'] as const)) {
    const heard = network.hearAlso?.(bound.value, mac);
    if (heard && !heard.ok)
      throw new NoPlace(`Cannot hear for ${mac} on ${name}: ${whyNot(heard.error, 'that')}`);
  }
  const frames = network.attachFrames(bound.value);
  const poller = network.createPoller();
  poller.add(frames);
  const attachment = createFrameAttachment(
    {
      read: () => frames.receive(),
      write: (frame) => frames.send(frame) === undefined,
      async readable(timeoutMs) {
        await poller.waitAsync(timeoutMs);
        return poller.readyCount > 0;
      },
      close() {
        frames.detach();
        poller.close();
        network.releaseFrames(bound.value);
      },
    },
    { random: () => crypto.getRandomValues(new Uint32Array(1))[0]!, resolve: addressOfHost },
  );
  return { attachment, where: name, home: facts.mac };
}

/** The interface on whose network the server is, or the only one that could be meant. Throws NoPlace. */
export function chooseInterface(interfaces: readonly InterfaceFacts[], server: Ipv4 | undefined): string {
  const usable = interfaces.filter(({ up, loopback }) => up && !loopback);
  const near = usable.filter(({ addresses }) =>
    addresses.some(
      ({ address, prefixLength }) =>
        server !== undefined && contains(subnetOf(address, prefixLength), server),
    ),
  );
  const [only, ...more] = near.length > 0 ? near : usable;
  if (only && more.length === 0) return only.name;
  throw new NoPlace(
    only
      ? `On which interface? ${usable.map(({ name }) => name).join(', ')}: name one by --interface`
      : 'There is no interface that is up',
  );
}

async function addressOfHost(host: string): Promise<Ipv4 | undefined> {
  try {
    const { address } = await lookup(host, { family: 4 });
    return parseIpv4(address);
  } catch {
    return undefined;
  }
}

function whyNot({ operation, errno }: NetError, what: string): string {
  if (errno === 'EPERM' || errno === 'EACCES')
    return `${what} needs root, or CAP_NET_RAW and CAP_NET_BIND_SERVICE`;
  if (errno === 'EADDRINUSE') return `${what} is taken by another program of this machine`;
  if (errno === 'EADDRNOTAVAIL') return 'this machine does not have that address';
  return `${operation}: ${errno}`;
}
