/** A packet as it is kept: less than the whole, perhaps. */
export type KeptPacket = {
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
};

export type RingLimits = {
  /** Of one machine. */
  readonly machineBytes: number;
  /** Of all. */
  readonly totalBytes: number;
};

/** What a packet costs beside its octets. */
const OVERHEAD = 200;

type Tape = { packets: KeptPacket[]; bytes: number; booted: boolean };

/** Of all octets, what machines that never asked for a file may hold while others want it. */
const STRANGERS_SHARE = 1 / 4;

/**
 * The last packets of each machine, oldest first. Bounded for each machine and for all: the machine that was silent for the longest
 * is forgotten first. Machines that never asked for a file have a quarter of the room at least, and no more where others want
 * it, so that made-up addresses push out one another.
 */
export function createPacketRing({ machineBytes, totalBytes }: RingLimits) {
  /** In the order of their last packets. */
  const strangers = new Map<string, Tape>();
  const booting = new Map<string, Tape>();
  let total = 0;
  let ofStrangers = 0;

  function forgetOne(): void {
    const fromStrangers = booting.size === 0 || ofStrangers > totalBytes * STRANGERS_SHARE;
    const tapes = fromStrangers ? strangers : booting;
    for (const [machine, { bytes }] of tapes) {
      tapes.delete(machine);
      total -= bytes;
      if (fromStrangers) ofStrangers -= bytes;
      return;
    }
  }

  function take(machine: string): Tape {
    const tape = booting.get(machine) ?? strangers.get(machine) ?? { packets: [], bytes: 0, booted: false };
    booting.delete(machine);
    if (strangers.delete(machine)) ofStrangers -= tape.bytes;
    return tape;
  }

  return {
    /** `boots`: it asks for a file. The octets are kept as they are: copies of the caller's. */
    put(machine: string, packet: KeptPacket, boots: boolean): void {
      const tape = take(machine);
      tape.booted ||= boots;
      tape.packets.push(packet);
      const added = packet.bytes.length + OVERHEAD;
      tape.bytes += added;
      total += added;
      let left = 0;
      while (tape.bytes > machineBytes && left < tape.packets.length - 1) {
        const bytes = tape.packets[left++]!.bytes.length + OVERHEAD;
        tape.bytes -= bytes;
        total -= bytes;
      }
      if (left > 0) tape.packets.splice(0, left);
      (tape.booted ? booting : strangers).set(machine, tape);
      if (!tape.booted) ofStrangers += tape.bytes;
      while (total > totalBytes) forgetOne();
    },
    of: (machine: string): readonly KeptPacket[] =>
      (booting.get(machine) ?? strangers.get(machine))?.packets ?? [],
    /** The one that was heard last comes first. */
    machines: (): readonly string[] => [...strangers.keys(), ...booting.keys()].reverse(),
    get bytes(): number {
      return total;
    },
    clear(): void {
      strangers.clear();
      booting.clear();
      total = 0;
      ofStrangers = 0;
    },
  };
}

export type PacketRing = ReturnType<typeof createPacketRing>;
