/**
 * Machines behind a relay that is this host: DHCP goes to the server by unicast from port 67 of an address of ours, as from any
 * relay agent (RFC 2131 §4.1, RFC 1542 §4), files come to sockets of ours. Nothing is broadcast, and nobody is answered.
 */
import { createSocket } from 'node:dgram';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import { formatMac, type Mac } from '../lib/mac.ts';
import type { BoundSocket, DatagramSocket, Network, Poller } from '../net/datagram.ts';
import type { Attachment, Ear } from './attachment.ts';
import { SERVER_PORT } from './dhcp-reply.ts';
import type { Transmit, Unreachable } from './exchange.ts';
import { fetchByHost } from './host-http.ts';

type Conversation = {
  readonly socket: DatagramSocket;
  readonly bound: BoundSocket;
  /** The port that the machine believes to speak from. */
  readonly virtualPort: number;
  /** Somebody answered, or was asked for a sign of life. */
  heard: boolean;
};

type Machine = { readonly mac: Mac; readonly ear: Ear; questions: number; current?: Conversation };

/** Enough for a window; a datagram of any Ethernet that is not jumbo. */
const SMALL = { batch: 4, slotBytes: 1600, outMessages: 4 } as const;
const SMALL_BUFFER_BYTES = 1 << 17;
const CHADDR_AT = 28;

/** `dhcp` is bound to port 67 of `address`. */
export function createRelayAttachment(
  network: Network,
  { address, dhcp }: { readonly address: Ipv4; readonly dhcp: BoundSocket },
): Attachment {
  const machines = new Map<number, Machine>();
  const byMac = new Map<Mac, Machine>();
  const owners = new Map<DatagramSocket, Machine>();
  const poller: Poller = network.createPoller();
  const relay = network.attach(dhcp, { batch: 64, slotBytes: 1600 });
  poller.add(relay);
  /** Anybody of port 67. */
  let answered = false;
  /** Sockets that have something to send. */
  const full = new Set<DatagramSocket>();

  function hangUp(machine: Machine): void {
    const { current } = machine;
    if (!current) return;
    delete machine.current;
    full.delete(current.socket);
    owners.delete(current.socket);
    poller.remove(current.socket);
    current.socket.detach();
    network.release(current.bound);
  }

  async function converse(machine: Machine, transmit: Transmit): Promise<void> {
    hangUp(machine);
    const spec = {
      address,
      port: 0,
      receiveBufferBytes: SMALL_BUFFER_BYTES,
      sendBufferBytes: SMALL_BUFFER_BYTES,
    };
    const bound = await network.bind(spec);
    // Without a socket the datagram is lost; the machine will say it again.
    if (!bound.ok) return;
    if (byMac.get(machine.mac) !== machine) {
      network.release(bound.value); // it was unplugged meanwhile
      return;
    }
    hangUp(machine);
    const socket = network.attach(bound.value, SMALL);
    poller.add(socket);
    owners.set(socket, machine);
    machine.current = { socket, bound: bound.value, virtualPort: transmit.sourcePort, heard: false };
    lay(socket, transmit);
    socket.flush();
  }

  function lay(socket: DatagramSocket, { destination, destinationPort, bytes }: Transmit): void {
    socket.out.begin(destination, destinationPort);
    socket.out.bytes(bytes);
    socket.out.end();
    full.add(socket);
  }

  function takeDhcp(): void {
    for (let count = relay.receive(); count > 0; count = relay.receive()) {
      for (let i = 0; i < count; i++) {
        const { bytes, peer, peerPort } = relay.datagram(i);
        if (bytes.length < CHADDR_AT + 6) continue;
        const machine = byMac.get(formatMac(bytes.subarray(CHADDR_AT, CHADDR_AT + 6)));
        const from = { source: peer, sourcePort: peerPort, destinationPort: SERVER_PORT };
        answered = true;
        machine?.ear.datagram({ ...from, bytes });
      }
    }
  }

  function takeFiles(socket: DatagramSocket): void {
    const machine = owners.get(socket);
    if (!machine) return;
    for (let count = socket.receive(); count > 0; count = socket.receive()) {
      for (let i = 0; i < count; i++) {
        const conversation = machine.current;
        if (conversation?.socket !== socket) return; // it has gone on to another file
        conversation.heard = true;
        const { bytes, peer, peerPort } = socket.datagram(i);
        const from = { source: peer, sourcePort: peerPort, destinationPort: conversation.virtualPort };
        machine.ear.datagram({ ...from, bytes });
      }
    }
  }

  return {
    plug(number, { mac }, ear) {
      const machine: Machine = { mac, ear, questions: 0 };
      machines.set(number, machine);
      byMac.set(mac, machine);
    },
    unplug(number) {
      const machine = machines.get(number);
      if (!machine) return;
      relay.flush();
      hangUp(machine);
      machines.delete(number);
      byMac.delete(machine.mac);
    },
    send(number, transmit) {
      const machine = machines.get(number);
      if (!machine) return;
      if (transmit.sourcePort === SERVER_PORT) {
        lay(relay, transmit);
        machine.questions++;
        // The first answer may be on its way; of many machines the first will do.
        if (machine.questions === 2 && !answered)
          knock(transmit, (notice) => machine.ear.unreachable(notice));
        return;
      }
      const { current } = machine;
      if (current?.virtualPort !== transmit.sourcePort) {
        void converse(machine, transmit);
        return;
      }
      lay(current.socket, transmit);
      if (current.heard) return;
      // It is said again: is anybody there?
      current.heard = true;
      knock(transmit, (notice) => machine.ear.unreachable(notice));
    },
    configure() {
      // Files come to this host's own address.
    },
    http(number, request) {
      const machine = machines.get(number);
      if (machine) fetchByHost(request, formatIpv4(address), (outcome) => machine.ear.http(outcome));
    },
    receive() {
      for (let i = 0; i < poller.readyCount; i++) {
        const socket = poller.ready(i);
        if (socket === relay) takeDhcp();
        else if ('datagram' in socket) takeFiles(socket);
      }
    },
    flush() {
      for (const socket of full) if (socket.flush()) full.delete(socket);
    },
    deadline: () => Number.POSITIVE_INFINITY,
    wait: (timeoutMs) => poller.waitAsync(timeoutMs),
    close() {
      for (const machine of machines.values()) hangUp(machine);
      relay.detach();
      network.release(dhcp);
      poller.close();
    },
  };
}

const ICMP_CODE: Readonly<Record<string, number>> = {
  ECONNREFUSED: 3,
  EHOSTUNREACH: 1,
  ENETUNREACH: 0,
  EACCES: 13,
};

/**
 * An empty datagram from a connected socket: only to such a one the kernel tells what ICMP said of it (RFC 1122 §4.1.3.3). Servers pass
 * over datagrams without a word in them.
 */
function knock(
  { destination, destinationPort, sourcePort }: Transmit,
  tell: (notice: Unreachable) => void,
): void {
  const socket = createSocket('udp4');
  const close = setTimeout(() => socket.close(), 3000);
  close.unref();
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const code = ICMP_CODE[error.code ?? ''];
    clearTimeout(close);
    socket.close();
    if (code !== undefined) tell({ destination, destinationPort, sourcePort, code, from: destination });
  });
  socket.connect(destinationPort, formatIpv4(destination), () => socket.send(new Uint8Array(0)));
  socket.unref();
}
