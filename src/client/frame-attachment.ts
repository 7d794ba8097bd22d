/** Machines at the end of an Ethernet: frames in, frames out, each machine with a MAC and an IP stack of its own. */
import { ETHERNET_HEADER, ETHERTYPE } from '../frame/ethernet.ts';
import { type Ipv4, parseIpv4 } from '../lib/ipv4.ts';
import { formatMac, type Mac } from '../lib/mac.ts';
import type { Attachment, Ear } from './attachment.ts';
import { failure } from './exchange.ts';
import { createHostStack, type HostStack } from './host-stack.ts';
import { createHttpFetch, type HttpFetch, partsOfUrl } from './http-fetch.ts';
import type { HttpRequest } from './http-file.ts';
import type { FrameLink } from './run-walk.ts';

export type FrameAttachmentOptions = {
  /** 32 random bits. */
  readonly random: () => number;
  /** The address of a host name; undefined where there is none. */
  readonly resolve: (host: string) => Promise<Ipv4 | undefined>;
};

type Machine = {
  readonly mac: Mac;
  readonly ear: Ear;
  readonly stack: HostStack;
  ip?: Ipv4;
  fetch?: { readonly http: HttpFetch; readonly server: Ipv4 };
  /** Each connection has a port of its own. The first is a random one: a server may still hold those of the boot before. */
  nextPort: number;
  /** It stays until what it said last has left: a RELEASE may have to wait for an answer to ARP. */
  leaving: boolean;
};

const FIRST_TCP_PORT = 33_000;
const TCP_PORTS = 16_000;
/** As many frames are read between two turns. */
const BATCH = 256;

/** Places in a frame of IPv4 without options, and of ARP. */
const TYPE_AT = 12;
const ARP_TARGET_AT = ETHERNET_HEADER + 24;
const CHADDR_AT = ETHERNET_HEADER + 20 + 8 + 28;

export function createFrameAttachment(link: FrameLink, options: FrameAttachmentOptions): Attachment {
  const machines = new Map<number, Machine>();
  const byMac = new Map<Mac, Machine>();
  const byIp = new Map<Ipv4, Machine>();
  /** Those that have something to do though nothing arrives. */
  const busy = new Set<Machine>();
  /** Of the turn that is under way. */
  let lastNow = 0;

  /** Whom a frame is for: by its MAC; of what is for everybody by what it says. */
  function machineOf(frame: Uint8Array): Machine | undefined {
    if (frame.length < ETHERNET_HEADER) return undefined;
    if ((frame[0]! & 1) === 0) return byMac.get(formatMac(frame.subarray(0, 6)));
    const type = (frame[TYPE_AT]! << 8) | frame[TYPE_AT + 1]!;
    if (type === ETHERTYPE.arp && frame.length >= ARP_TARGET_AT + 4) {
      return byIp.get(new DataView(frame.buffer, frame.byteOffset).getUint32(ARP_TARGET_AT));
    }
    if (type !== ETHERTYPE.ipv4 || frame.length < CHADDR_AT + 6) return undefined;
    return byMac.get(formatMac(frame.subarray(CHADDR_AT, CHADDR_AT + 6)));
  }

  function drain(machine: Machine, now: number): void {
    const { fetch, stack, ear } = machine;
    if (fetch) {
      sendSegments(machine, now);
      const result = fetch.http.result();
      if (result && fetch.http.deadline() === Number.POSITIVE_INFINITY) {
        delete machine.fetch;
        ear.http(result);
      }
    }
    for (let frame = stack.poll(now); frame; frame = stack.poll(now)) link.write(frame);
    if (deadlineOf(machine) < Number.POSITIVE_INFINITY) return;
    busy.delete(machine);
    if (machine.leaving) forget(machine);
  }

  function sendSegments({ fetch, stack }: Machine, now: number): void {
    if (!fetch) return;
    for (let next = fetch.http.poll(now); next; next = fetch.http.poll(now))
      stack.sendSegment(fetch.server, next, now);
  }

  function forget(machine: Machine): void {
    byMac.delete(machine.mac);
    if (machine.ip !== undefined && byIp.get(machine.ip) === machine) byIp.delete(machine.ip);
  }

  function start(machine: Machine, request: HttpRequest, server: Ipv4 | undefined, now: number): void {
    if (server === undefined) {
      machine.ear.http(failure('name-unknown', `${request.url}: no address is known for its host`));
      return;
    }
    const port = FIRST_TCP_PORT + (machine.nextPort++ % TCP_PORTS);
    machine.fetch = { server, http: createHttpFetch(request, { port, sequence: options.random() }, now) };
    busy.add(machine);
  }

  return {
    plug(number, { mac }, ear) {
      const stack = createHostStack(mac, {
        checksum: 'ignored',
        onUnreachable: (notice) => ear.unreachable(notice),
        onSegment(from, segment) {
          const { fetch } = machine;
          if (fetch?.server === from) fetch.http.receive(segment, lastNow);
        },
      });
      const nextPort = options.random() % TCP_PORTS;
      const machine: Machine = { mac, ear, stack, nextPort, leaving: false };
      machines.set(number, machine);
      byMac.set(mac, machine);
    },
    unplug(number) {
      const machine = machines.get(number);
      if (!machine) return;
      machines.delete(number);
      machine.fetch?.http.close();
      sendSegments(machine, lastNow);
      delete machine.fetch;
      machine.leaving = true;
      if (!busy.has(machine)) forget(machine);
    },
    send(number, transmit, now) {
      const machine = machines.get(number);
      if (!machine) return;
      machine.stack.send(transmit, now);
      busy.add(machine);
    },
    configure(number, lease) {
      const machine = machines.get(number);
      if (!machine) return;
      machine.stack.configure(lease);
      machine.ip = lease.ip;
      byIp.set(lease.ip, machine);
    },
    http(number, request, now) {
      const machine = machines.get(number);
      if (!machine) return;
      const host = partsOfUrl(request.url)?.host;
      const literal = host === undefined ? undefined : parseIpv4(host);
      if (host === undefined)
        machine.ear.http(failure('url-unusable', `${request.url} is no URL that can be asked for`));
      else if (literal !== undefined) start(machine, request, literal, now);
      else void options.resolve(host).then((server) => start(machine, request, server, lastNow));
    },
    receive(now) {
      lastNow = now;
      for (let left = BATCH; left > 0; left--) {
        const frame = link.read();
        if (!frame) return;
        const machine = machineOf(frame);
        if (!machine) continue;
        const datagram = machine.stack.receive(frame);
        if (datagram) machine.ear.datagram(datagram);
        busy.add(machine);
      }
    },
    flush(now) {
      lastNow = now;
      for (const machine of [...busy]) drain(machine, now);
    },
    deadline() {
      let first = Number.POSITIVE_INFINITY;
      for (const machine of busy) first = Math.min(first, deadlineOf(machine));
      return first;
    },
    wait: async (timeoutMs) => {
      await link.readable(timeoutMs);
    },
    close: () => link.close?.(),
  };
}

function deadlineOf({ stack, fetch }: Machine): number {
  return Math.min(stack.deadline(), fetch?.http.deadline() ?? Number.POSITIVE_INFINITY);
}
