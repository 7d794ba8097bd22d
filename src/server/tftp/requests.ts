import type { TftpPeer } from '../../events/event.ts';
import { bytesEqual, latin1Decode } from '../../lib/bytes.ts';
import { formatIpv4 } from '../../lib/ipv4.ts';
import type { PeerTable } from '../../lib/peer-table.ts';
import { createRows } from '../../lib/rows.ts';
import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import { syncHere } from '../../store/upload.ts';
import type { ClientMemory } from '../../tftp/client-memory.ts';
import { type ConfigSearch, isConfigName } from '../../tftp/config-search.ts';
import type { TftpFailure } from '../../tftp/session.ts';
import { decode, decodeRequest, ERROR_CODE, encode, type TftpRequest } from '../../tftp-packet/index.ts';
import { accept, type Refusal } from './accept.ts';
import type { Admission } from './admission.ts';
import { type Endpoints, holdPeer } from './endpoints.ts';
import type { EngineParts, TftpEngine } from './engine.ts';
import type { FileCache } from './file-cache.ts';
import type { FrameSizes } from './frame-sizes.ts';
import { createMulticastGroups } from './multicast-groups.ts';
import type { RecentPeers } from './recent-peers.ts';
import type { Report } from './report.ts';
import type { Throttle } from './throttle.ts';
import { Transfer } from './transfer.ts';

export type RequestParts = EngineParts & {
  readonly endpoints: Endpoints;
  readonly table: PeerTable<Transfer>;
  readonly recent: RecentPeers;
  readonly report: Report;
  readonly errors: Throttle;
  readonly files: FileCache;
  readonly frames: FrameSizes;
  readonly search: ConfigSearch;
  readonly memory: ClientMemory;
  readonly admission: Admission;
  active(): number;
  /** A transfer begins. */
  added(transfer: Transfer): void;
  /** A transfer has something to do. */
  touched(transfer: Transfer): void;
  /** Takes what waits in the queue of `socket`. */
  catchUp(socket: DatagramSocket, now: number): void;
  /** Polls a transfer at once. */
  settle(transfer: Transfer, now: number): void;
  /** A transfer makes room: for another one of the same client, or of somebody else. */
  retire(transfer: Transfer, now: number, why: Retirement): void;
};

export type RequestHandler = {
  /** A datagram on the well-known port that begins as RRQ or WRQ does. */
  handle(socket: DatagramSocket, datagram: Datagram, now: number): void;
  peerError(transfer: Transfer, datagram: Datagram, now: number): void;
  configure: TftpEngine['configure'];
};

/**
 * Services that answer whatever comes, which two of them do to each other for ever: echo, daytime, qotd, chargen, time, DNS,
 * TFTP itself, NTP. No client asks from there.
 */
const REFLECTORS = new Set([0, 7, 13, 17, 19, 37, 53, 69, 123]);

/** New transfers keep to one TID for this long, so that a batch's answers leave with one system call; then the next has its turn. */
const TID_TURN_MS = 3_000;

/**
 * The same request again although its transfer goes on: within this time of the last sign of life it is a frame doubled and delayed
 * on the way; a client that really starts over has been silent, and asks again.
 */
const LATE_REPEAT_MS = 1_000;

/** Room for DATA of 1468 octets and what jumbo-free networks bring; a WRQ is granted no more than fits. */
export const SLOT_BYTES = 2048;

/** Decides about requests: repeat, replacement, refusal or a new transfer. */
export function createRequestHandler(parts: RequestParts): RequestHandler {
  const { table, recent, report, errors, endpoints, search } = parts;
  let { settings, tree } = parts;
  const groups = createMulticastGroups(parts.touched);
  const rows = createRows();

  function handle(socket: DatagramSocket, datagram: Datagram, now: number): void {
    const { peer, peerPort, local, replyFrom } = datagram;
    if (REFLECTORS.has(peerPort)) return;
    // Asked by broadcast or multicast: SHOULD be ignored in silence (RFC 1123 §4.2.3.5).
    if (local !== replyFrom) return;
    const decoded = decodeRequest(datagram.bytes);
    if (!decoded.ok) {
      report.malformed({ peer: textOf(socket, peer), port: peerPort }, decoded.reason, now);
      if (errors.pass(now))
        sendError(socket, datagram, { code: ERROR_CODE.illegalOperation, message: 'Illegal request' });
      return;
    }
    let known = table.get(peer, peerPort);
    if (known) {
      parts.catchUp(known.socket, now);
      parts.settle(known, now);
      known = table.get(peer, peerPort);
    }
    if (known && isRepeat(known, datagram, now)) {
      known.content.session.duplicateRequest(now);
      parts.touched(known);
      return;
    }
    if (known) parts.retire(known, now, SUPERSEDED);
    begin(decoded.value, datagram, { asked: socket, now, replaced: known?.socket });
  }

  function begin(request: TftpRequest, datagram: Datagram, { asked, now, replaced }: Begin): void {
    const peer: TftpPeer = { peer: textOf(asked, datagram.peer), port: datagram.peerPort };
    const socket = pickTid(datagram, { asked, now, replaced });
    const file = printable(request.filename);
    const refusal = admit(datagram.peer, now);
    const answer = refusal
      ? { ok: false as const, refusal }
      : open(request, datagram, { asked, socket, now });
    const path = answer.ok ? answer.value.path : answer.refusal.path;
    if (!answer.ok) {
      sendError(socket, datagram, answer.refusal);
      const search = path !== undefined && request.opcode === 'rrq' && isConfigName(path);
      report.refused(peer, { file, write: request.opcode === 'wrq', search }, answer.refusal);
    } else {
      const client = { address: datagram.peer, port: datagram.peerPort, peer };
      const { joined } = answer.value;
      const tid = joined?.socket ?? socket;
      const { replyFrom: from, bytes } = datagram;
      const { content } = answer.value;
      const transfer = new Transfer(
        { client, from, socket: tid, request: bytes.slice(), file, content, rows },
        now,
      );
      joined?.bind(transfer);
      table.set(transfer.address, transfer.port, transfer);
      holdPeer(transfer);
      report.started(transfer, answer.value);
      if (answer.value.cleaned)
        report.warning(
          'name-cleaned',
          `${peer.peer} asked for "${file}": octets behind the name dropped`,
          now,
        );
      parts.added(transfer);
    }
    const found =
      path === undefined || request.opcode === 'wrq'
        ? undefined
        : search.lookup(peer, printable(path), answer.ok);
    if (found) parts.emit(found);
  }

  function admit(address: number, now: number): Refusal | undefined {
    const { maxTransfers, maxTransfersPerClient: maxPerClient } = settings;
    const place = parts.admission.place(address, { now, active: parts.active(), maxTransfers, maxPerClient });
    if (place === undefined || 'failure' in place) return place;
    parts.retire(place, now, GAVE_WAY);
    return undefined;
  }

  function open(request: TftpRequest, datagram: Datagram, { asked, socket, now }: Opening) {
    return accept(request, {
      tree,
      files: parts.files,
      settings,
      framePayload: parts.frames.payloadOf(datagram.ifindex, now, asked.bound.ipv6),
      slotBytes: SLOT_BYTES,
      temper: (limits) =>
        parts.memory.size > 0 ? parts.memory.temper(textOf(asked, datagram.peer), limits, now) : limits,
      join: (wish) =>
        groups.join({ ...wish, settings, socket, from: datagram.replyFrom, ifindex: datagram.ifindex, now }),
      now,
      rows,
      randomHex: parts.randomHex,
      sync: parts.sync ?? syncHere,
    });
  }

  /** One TID for all who come now, but never the one that this client's last transfer had. */
  function pickTid(datagram: Datagram, { asked, now, replaced }: Begin): DatagramSocket {
    const { tids } = endpoints;
    const { first, count } = endpoints.tidsFor(asked);
    const turn = Math.floor(now / TID_TURN_MS) % count;
    const last = replaced ? tids.indexOf(replaced) : recent.tidOf(datagram.peer, datagram.peerPort, now);
    return tids[first + (last === first + turn ? (turn + 1) % count : turn)]!;
  }

  return {
    handle,
    peerError(transfer, datagram, now) {
      const error = decode(datagram.bytes);
      if (!error.ok || error.value.opcode !== 'error') return;
      transfer.session.peerError(error.value.code, error.value.message, now);
    },
    configure(nextSettings, nextTree) {
      settings = nextSettings;
      tree = nextTree;
    },
  };
}

type Begin = {
  /** The well-known port that the request came to. */
  readonly asked: DatagramSocket;
  readonly now: number;
  readonly replaced: DatagramSocket | undefined;
};

type Opening = { readonly asked: DatagramSocket; readonly socket: DatagramSocket; readonly now: number };

export type Retirement = Readonly<{ failure: TftpFailure; error?: { code: number; message: string } }>;

/** Without a word: the client would take it for an answer to its new request. */
const SUPERSEDED: Retirement = { failure: 'superseded' };
const GAVE_WAY: Retirement = {
  failure: 'gave-way',
  error: { code: ERROR_CODE.undefined, message: 'Server busy, try again later' },
};

function isRepeat(known: Transfer, datagram: Datagram, now: number): boolean {
  if (!bytesEqual(known.request, datagram.bytes)) return false;
  const phase = known.content.session.phase();
  return phase === 'opening' || (phase === 'transferring' && now - known.heardAt < LATE_REPEAT_MS);
}

function sendError(
  socket: DatagramSocket,
  { peer, peerPort, replyFrom }: Datagram,
  { code, message }: { readonly code: number; readonly message: string },
): void {
  socket.out.begin(peer, peerPort, { from: replyFrom, ifindex: 0 });
  socket.out.bytes(encode({ opcode: 'error', code, message }));
  socket.out.end();
}

/** A peer's address for people. */
function textOf({ numbers }: DatagramSocket, peer: number): string {
  return numbers ? numbers.format(peer) : formatIpv4(peer);
}

/** A foreign name in a line of text: UTF-8 when it is, control characters made visible. */
function printable(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name; // nearly all, and each request asks twice
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: foreign text must not steer a terminal
  return (text.includes('\ufffd') ? latin1Decode(bytes) : text).replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}
