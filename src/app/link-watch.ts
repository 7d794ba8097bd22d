import type { Emit } from '../events/event.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import type { InterfaceFacts, Network } from '../net/datagram.ts';

export type LinkWatchParts = {
  readonly network: Pick<Network, 'interfaces'>;
  /** As they are now. */
  readonly links: readonly InterfaceFacts[];
  readonly emit: Emit;
  /** All of them, as they are by now. What it throws is told as a warning. */
  readonly changed: (links: readonly InterfaceFacts[]) => void;
};

/** What somebody does at a switch or with `ip` is noticed within this time. */
const EVERY_MS = 2_000;

/**
 * Looks at the interfaces every two seconds, and tells of each change: an address, the MTU, the MAC, the carrier. One that
 * has gone, or has lost its only address, is told of, and goes on as it was. Returns a function that ends it.
 */
export function watchLinks(parts: LinkWatchParts): () => void {
  const look = createLinkLook(parts);
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look; see {@link watchLinks}. */
export function createLinkLook({ network, links, emit, changed }: LinkWatchParts): () => void {
  let before = links;
  const lost = new Set<string>();

  /** What is to be served on from now on: as it was, where it cannot be any more. */
  function current(was: InterfaceFacts, found: InterfaceFacts | undefined): InterfaceFacts {
    const usable = found && (found.addresses.length > 0 || was.addresses.length === 0);
    if (usable) {
      lost.delete(was.name);
      return found;
    }
    const { name } = was;
    if (!lost.has(name)) {
      const detail = found ? `${name} has no IPv4 address any more` : `${name} is gone`;
      emit({ type: 'service.warning', service: 'pxed', problem: 'interface-lost', detail });
    }
    lost.add(name);
    return { ...was, running: found?.running ?? false };
  }

  return () => {
    const all = network.interfaces();
    const now = before.map((was) =>
      current(
        was,
        all.find(({ name }) => name === was.name),
      ),
    );
    const changes = now.flatMap((link, i) => {
      const detail = differences(before[i]!, link).join(', ');
      return detail === '' ? [] : [{ name: link.name, detail }];
    });
    if (changes.length === 0) return;
    before = now;
    for (const { name, detail } of changes) emit({ type: 'service.interface', interface: name, detail });
    try {
      changed(now);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      emit({ type: 'service.warning', service: 'pxed', problem: 'interface-changed', detail });
    }
  };
}

function differences(was: InterfaceFacts, now: InterfaceFacts): string[] {
  const [before, after] = [addressesOf(was), addressesOf(now)];
  const told = [
    ...after.filter((one) => !before.includes(one)).map((one) => `${one} is new`),
    ...before.filter((one) => !after.includes(one)).map((one) => `${one} is gone`),
  ];
  // Which one comes first matters: it names the server.
  if (told.length === 0 && after.join() !== before.join()) told.push(`${after[0]} is the first address`);
  if (was.mtu !== now.mtu) told.push(`MTU ${now.mtu}`);
  if (was.mac !== now.mac) told.push(`MAC ${now.mac}`);
  if (was.index !== now.index) told.push('it was removed and made anew');
  const [ran, runs] = [was.up && was.running, now.up && now.running];
  if (ran !== runs) told.push(runs ? 'it has a carrier' : 'it has no carrier');
  return told;
}

function addressesOf({ addresses }: InterfaceFacts): string[] {
  return addresses.map(({ address, prefixLength }) => `${formatIpv4(address)}/${prefixLength}`);
}
