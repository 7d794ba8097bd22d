import type { Lease, LeaseMutation, LeaseView } from '../dhcp/lease.ts';

/** Where leases live. One process, one store; reads are of what was committed. */
export interface LeaseStore extends LeaseView {
  /** Reads what an earlier run left. Called once, before anything else. */
  load(): Promise<void>;
  /**
   * Makes all changes, or none and throws. When it returns they are safe as far as this store keeps anything; a reply
   * may leave only then. The reads see them at once.
   */
  commit(mutations: readonly LeaseMutation[]): void;
  /** Records of all addresses, for lists and saving. */
  all(): Iterable<Lease>;
  close(): void;
}
