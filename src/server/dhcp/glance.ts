/** What can be told of a request without decoding it: enough to sort, to limit and to replace by. */
export type Glance = {
  /**
   * A number of the client: its Ethernet address; another one, new with each transaction, for senders without and for a
   * LEASEQUERY, which asks about a client. With the relay's address it is not told apart: of a broadcast that two relays
   * heard, one is as good as the other.
   */
  readonly client: number;
  /** 0 without a relay. */
  readonly relay: number;
  /** Option 53; 0 when it is not the first option. */
  readonly type: number;
};

export function isDiscover({ type }: Glance): boolean {
  return type === DISCOVER;
}

const XID = 4;
const GIADDR = 24;
const CHADDR = 28;
const OPTIONS = 240;
const BEYOND_MACS = 2 ** 48;

/** Values of option 53. */
const DISCOVER = 1;
const LEASEQUERY = 10;

/** What {@link isDiscover} goes by. */
export const DISCOVER_HEAD = { at: OPTIONS, octets: [53, 1, DISCOVER] } as const;

/** undefined for what is too short to have options. Clients put option 53 first; one that does not counts as any other message. */
export function glanceAt(bytes: Uint8Array): Glance | undefined {
  if (bytes.length < OPTIONS) return undefined;
  const type = bytes[OPTIONS] === 53 && bytes[OPTIONS + 1] === 1 ? bytes[OPTIONS + 2]! : 0;
  const ethernet = bytes[1] === 1 && bytes[2] === 6 && type !== LEASEQUERY;
  const client = ethernet
    ? ((bytes[CHADDR]! << 8) | bytes[CHADDR + 1]!) * 2 ** 32 + u32(bytes, CHADDR + 2)
    : BEYOND_MACS + u32(bytes, XID);
  return { client, relay: u32(bytes, GIADDR), type };
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
