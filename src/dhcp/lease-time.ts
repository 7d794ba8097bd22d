import type { BootClient } from '../boot/client.ts';
import type { Network } from './settings.ts';

/** Options 51, 58, 59: "for ever" (RFC 2131 §3.3). */
export const INFINITE = 0xffff_ffff;

/**
 * Seconds to grant (dhcp-server rules of RFC 2131 §4.3.1): what the client asks, within the network's bounds; its
 * default when it does not ask (0 = does not ask). Firmware and loaders get at most `bootLeaseSeconds` where that is
 * set: they never renew, and the system they start asks for itself.
 */
export function grantSeconds(
  asked: number | undefined,
  network: Network,
  stage: BootClient['stage'],
): number {
  const early = stage === 'rom' || stage === 'ipxe' || stage === 'loader';
  if (early && network.bootLeaseSeconds !== undefined) return network.bootLeaseSeconds;
  if (asked === undefined || asked === 0) return network.leaseSeconds;
  return Math.min(Math.max(asked, network.minLeaseSeconds), network.maxLeaseSeconds);
}

/** When a lease of `seconds` that starts at `now` (ms) ends. */
export function expiryOf(seconds: number, now: number): number {
  return seconds === INFINITE ? Number.POSITIVE_INFINITY : now + seconds * 1000;
}

/**
 * T1 and T2, 0.5 and 0.875 of the lease (RFC 2131 §4.4.5); undefined for an endless one, and for one so short that T1 < T2 <
 * lease cannot be.
 */
export function renewalTimes(seconds: number): { renewal: number; rebinding: number } | undefined {
  const renewal = Math.floor(seconds / 2);
  const rebinding = Math.floor(seconds * 0.875);
  const ordered = 0 < renewal && renewal < rebinding && rebinding < seconds;
  return seconds === INFINITE || !ordered ? undefined : { renewal, rebinding };
}
