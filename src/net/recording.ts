import type { BoundFrames, Outcome } from './datagram.ts';

/**
 * Packet sockets that record what machines and this one say to one another, both directions: DHCP, PXE's port 4011, requests for
 * files, the first block of each transfer, errors, and ICMP's "unreachable". They are opened once, as root, and sleep: a sleeping
 * one is on no packet's way. Waking it takes no privilege. Read through `Network.attachFrames`.
 */
export type RecordingPorts = {
  /** Asleep. `tftpPort`: where files are asked for. */
  open(interfaceName: string, tftpPort: number): Outcome<BoundFrames>;
  /** From now on it gets packets, or none. */
  listen(bound: BoundFrames, awake: boolean): Outcome<undefined>;
  release(bound: BoundFrames): void;
};
