/** Datagrams read of one socket in one turn, before the others have theirs. */
export const MOST_READ = 2_048;

/**
 * Of one turn, and so of one commit: the kernel's queue holds what comes meanwhile. Their answers leave all at once, often to the
 * same relay, whose socket holds some 270 (212,992 octets, Linux's default): 256 at once cost perfdhcp 2 % of them.
 */
export const MOST_ANSWERED = 128;

/** ARP frames looked at in one turn: however many there are, DHCP has its turn. */
export const MAX_FRAMES = 1024;

/** Addresses tried for one request; the client's next one goes on from there. */
export const MAX_PROBES = 4;

/** Probes under way at once; more clients go without, as with the probe switched off. */
export const MAX_PENDING = 4096;

/**
 * Requests in one turn that tell of a load: fewer are answered at once, always. With this many and no more than {@link ENOUGH} the
 * next turn waits for {@link GATHER_MS}, so that more requests share its commit. A turn costs a write to the disk and ten system
 * calls, whatever it answers: at 15,000 leases a second, 3,000 turns of ten requests took a quarter more processor time than half
 * as many. More than that lets replies leave in such numbers that a relay's socket overflows.
 */
export const SEVERAL = 2;
export const ENOUGH = 32;
export const GATHER_MS = 0.3;
