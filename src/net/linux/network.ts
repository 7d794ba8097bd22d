import { type AddressBook, createAddressBook, interfaceNames } from '../address-book.ts';
import type { BoundFrames, BoundSocket, Network, Outcome } from '../datagram.ts';
import { BatchSocket } from './batch-socket.ts';
import { mapFile, unmapFile } from './content.ts';
import { EpollPoller, wakeFd } from './epoll.ts';
import { layoutsHold } from './ffi.ts';
import { interfaceFacts } from './interface-facts.ts';
import { keepTogether } from './keep-together.ts';
import { hearAlso } from './membership.ts';
import { notifyServiceManager } from './notify.ts';
import { closeFd, openEcho, openPacket, openUdp } from './open.ts';
import { createOpenBeneath } from './openat2.ts';
import { PacketSocket } from './packet-socket.ts';
import { createPageCache } from './page-cache.ts';
import { effectiveCapabilities, giveUpPrivileges } from './privileges.ts';
import { createRecordingPorts } from './recording-socket.ts';
import { createTcpPorts } from './tcp.ts';

/** Batched Linux sockets; undefined where the layouts of structs.ts do not hold. */
export function linuxNetwork(): Network | undefined {
  if (!layoutsHold()) return undefined;
  let book: AddressBook | undefined;
  return {
    name: 'linux',
    bind: async (spec) => openUdp(spec),
    attach(bound, options) {
      if (bound.ipv6) book ??= createAddressBook({ seed: randomSeed(), ...interfaceNames(interfaceFacts) });
      return new BatchSocket(mine(bound), options, bound.ipv6 ? book : undefined);
    },
    release: (bound) => closeFd(mine(bound).fd),
    keepTogether: (sharing) => keepTogether(sharing.map(mine)),
    createPoller: () => new EpollPoller(),
    wake: (fd) => wakeFd(fd),
    interfaces: interfaceFacts,
    openContent: mapFile,
    closeContent: unmapFile,
    tcp: createTcpPorts(),
    pageCache: createPageCache(),
    openBeneath: createOpenBeneath(),
    capabilities: effectiveCapabilities,
    giveUpPrivileges,
    notify: notifyServiceManager,
    bindFrames,
    bindEcho: openEcho,
    hearAlso,
    attachFrames: (bound) => new PacketSocket(bound),
    releaseFrames: (bound) => closeFd(bound.fd),
    recording: createRecordingPorts(),
    bindsToInterface: true,
    canSendRaw: true,
    selectsSource: true,
    worksInThreads: true,
  };
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function mine(bound: BoundSocket): BoundSocket {
  if (bound.backend !== 'linux') throw new TypeError(`Cannot use a socket of the ${bound.backend} backend`);
  return bound;
}

function bindFrames(interfaceName: string, etherType: number, udpTo?: number): Outcome<BoundFrames> {
  const facts = interfaceFacts().find(({ name }) => name === interfaceName);
  if (!facts) return { ok: false, error: { operation: 'bind AF_PACKET', errno: 'ENODEV' } };
  return openPacket(interfaceName, facts.index, { etherType, ...(udpTo !== undefined && { udpTo }) });
}
