import type { Ipv4 } from '../lib/ipv4.ts';

/** A UDP datagram that reached this machine. `bytes` are borrowed for the call. */
export type Received = {
  readonly source: Ipv4;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly bytes: Uint8Array;
};

/** A UDP datagram this machine sends. */
export type Transmit = {
  readonly sourcePort: number;
  readonly destination: Ipv4;
  readonly destinationPort: number;
  readonly bytes: Uint8Array;
};

/** ICMP says that a datagram of ours did not arrive (RFC 792; codes of RFC 1122 §3.2.2.1 and RFC 1812 §5.2.7.1). */
export type Unreachable = {
  /** Whom the datagram was for. */
  readonly destination: Ipv4;
  readonly destinationPort: number;
  readonly sourcePort: number;
  /** 3: nobody has that port. 9, 10, 13: somebody on the way forbids it. */
  readonly code: number;
  /** Who says so. */
  readonly from: Ipv4;
};

/** Why a conversation failed: `why` is a stable kebab-case code, `detail` is for people. */
export type Failure = { readonly ok: false; readonly why: string; readonly detail: string };
export type Success<T> = { readonly ok: true; readonly value: T };
export type Outcome<T> = Success<T> | Failure;

/**
 * One conversation with a server, without I/O: time in milliseconds comes in, datagrams come in and go out.
 *
 * After every `receive` and whenever `deadline()` has come, call `poll` until it gives nothing; a conversation that has a
 * `result` may still have a last datagram to send (an ACK). Nothing a peer sends makes these functions throw.
 */
export type Exchange<T> = {
  /** Datagrams that are not part of this conversation are ignored. */
  receive(datagram: Received, now: number): void;
  poll(now: number): Transmit | undefined;
  /** Those that are not about this conversation are ignored. */
  unreachable?(notice: Unreachable, now: number): void;
  /** When `poll` has something to do though nothing arrives; Infinity once there is a result. */
  deadline(): number;
  /** undefined while under way. */
  result(): Outcome<T> | undefined;
};

export function success<T>(value: T): Success<T> {
  return { ok: true, value };
}

export function failure(why: string, detail: string): Failure {
  return { ok: false, why, detail };
}

/** `15 s`, `0.5 s`: for people. */
export function secondsText(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
