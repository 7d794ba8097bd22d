import type { Outcome, Received, Transmit, Unreachable } from './exchange.ts';
import type { HttpFile, HttpRequest } from './http-file.ts';
import type { Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';

/** What a machine is told by its attachment. */
export type Ear = {
  /** Borrowed for the call. */
  datagram(received: Received): void;
  unreachable(notice: Unreachable): void;
  http(outcome: Outcome<HttpFile>): void;
};

/**
 * Where machines are connected to a network, as many as there are: what they say goes out here, what is for them comes in. They are
 * numbered by whoever plugs them in. Ears are called within `receive` and `flush`, or between two turns.
 */
export type Attachment = {
  plug(machine: number, rom: RomIdentity, ear: Ear): void;
  /** What it said still leaves. */
  unplug(machine: number): void;
  send(machine: number, transmit: Transmit, now: number): void;
  /** From now on it has this address. */
  configure(machine: number, lease: Lease): void;
  /** Starts to fetch a file; the ear is told what became of it. */
  http(machine: number, request: HttpRequest, now: number): void;
  /** Hands over what has arrived. */
  receive(now: number): void;
  /** Puts on the wire what is to go. */
  flush(now: number): void;
  /** When `flush` has something to do though nothing arrives. */
  deadline(): number;
  /** Returns when something arrived, or the time is over. */
  wait(timeoutMs: number): Promise<void>;
  close(): void;
};
