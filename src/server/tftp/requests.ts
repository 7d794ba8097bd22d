import { configNameOf } from '../../boot/rendering.ts';
import type { TftpPeer } from '../../events/event.ts';
import { bytesEqual } from '../../lib/bytes.ts';
import { createRows } from '../../lib/rows.ts';
import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import { syncHere } from '../../store/upload.ts';
import { isConfigName, type Served } from '../../tftp/config-search.ts';
import { decode, decodeRequest, ERROR_CODE, type TftpRequest } from '../../tftp-packet/index.ts';
import type { RenderedFile } from '../boot/rendered-files.ts';
import { type Acceptance, accept, acceptRendered, type Refusal, type TermsContext } from './accept.ts';
import { holdPeer } from './endpoints.ts';
import { createMulticastGroups } from './multicast-groups.ts';
import type { RequestHandler, RequestParts, Retirement } from './request-face.ts';
import { Transfer } from './transfer.ts';
import { type Asker, createWaitingRequests, type WaitingRequest } from './waiting-requests.ts';
import { printable, sendError, textOf } from './words.ts';

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

/** Too many descriptors, of ours or of all, or too many mappings: `EMFILE`, `ENOMEM (mmap)`. */
const NO_ROOM = /^(EMFILE|ENFILE|ENOMEM)\b/;

/** Room for DATA of 1468 octets and what jumbo-free networks bring; a WRQ is granted no more than fits. */
export const SLOT_BYTES = 2048;

/** Decides about requests: repeat, replacement, refusal or a new transfer. */
export function createRequestHandler(parts: RequestParts): RequestHandler {
  const { table, recent, report, errors, endpoints, search } = parts;
  let { settings, tree } = parts;
  const groups = createMulticastGroups(parts.touched);
  const rows = createRows();
  const waiting = createWaitingRequests();

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
    if (waiting.isRepeat(datagram)) return;
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
    const socket = pickTid(datagram, { asked, now, replaced });
    const refusal = admit(datagram.peer, now);
    const answer = refusal
      ? { ok: false as const, refusal }
      : open(request, datagram, { asked, socket, now });
    if (!answer.ok && mayBeRendered(request, answer.refusal)) {
      wait({ request, asker: datagram, asked, replaced, refusal: answer.refusal }, now);
    } else conclude(request, datagram, { asked, socket, now, answer });
  }

  /** The tree has no such file; does somebody look for a configuration, which a profile may stand for? */
  function mayBeRendered({ opcode }: TftpRequest, { failure, path }: Refusal): boolean {
    return (
      settings.rendering === true &&
      parts.render !== undefined &&
      opcode === 'rrq' &&
      failure === 'not-found' &&
      path !== undefined &&
      configNameOf(path) !== undefined
    );
  }

  /** Whom there is no room for is not answered: a loader takes any ERROR for "no such file" and asks for its next name. */
  function wait(entry: Omit<WaitingRequest, 'until'>, now: number): void {
    const { asker, asked, refusal } = entry;
    if (!waiting.hasRoom(asker.peer)) return;
    const ask = { path: refusal.path!, peer: textOf(asked, asker.peer) };
    const kept = waiting.add(entry, now);
    const isAsked = parts.render!(ask, (file) => {
      if (waiting.take(kept)) resume(kept, file);
    });
    if (!isAsked) waiting.take(kept);
  }

  /** The answer is here, between two turns. */
  function resume({ request, asker, asked, replaced, refusal }: WaitingRequest, file?: RenderedFile): void {
    const now = parts.clock();
    const socket = pickTid(asker, { asked, now, replaced });
    const unfit = file && admit(asker.peer, now);
    const answer: Acceptance =
      file && !unfit
        ? acceptRendered(request, file, termsFor(asker, asked, now))
        : { ok: false, refusal: unfit ?? refusal };
    conclude(request, asker, { asked, socket, now, answer });
    parts.settleAll(now);
  }

  function onTime(now: number): void {
    for (let late = waiting.due(now); late !== undefined; late = waiting.due(now)) {
      const { asked, asker, refusal } = late;
      const detail = 'it was not made in time';
      report.warning(
        'render-late',
        `${textOf(asked, asker.peer)} asked for "${refusal.path}": ${detail}`,
        now,
      );
      resume({ ...late, refusal: { ...refusal, detail } });
    }
  }

  function conclude(request: TftpRequest, datagram: Asker, { asked, socket, now, answer }: Conclusion): void {
    const peer: TftpPeer = { peer: textOf(asked, datagram.peer), port: datagram.peerPort };
    const file = printable(request.filename);
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
        {
          client,
          from,
          socket: tid,
          request: bytes.slice(),
          file,
          path: printable(answer.value.path),
          content,
          rendered: answer.value.rendered?.profile,
          rows,
        },
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
        : search.lookup(peer, printable(path), servedBy(answer));
    if (found) parts.emit(found);
  }

  function admit(address: number, now: number): Refusal | undefined {
    const { maxTransfers, maxTransfersPerClient: maxPerClient } = settings;
    const place = parts.admission.place(address, { now, active: parts.active(), maxTransfers, maxPerClient });
    if (place === undefined || 'failure' in place) return place;
    parts.retire(place, now, GAVE_WAY);
    return undefined;
  }

  /** Files that are kept for nobody give way to one that somebody wants. */
  function open(request: TftpRequest, datagram: Datagram, opening: Opening): Acceptance {
    const { now } = opening;
    if (parts.files.isCrowded) parts.makeRoom(now, false);
    const answer = tryToOpen(request, datagram, opening);
    if (answer.ok || !NO_ROOM.test(answer.refusal.detail ?? '')) return answer;
    return parts.makeRoom(now, true) ? tryToOpen(request, datagram, opening) : answer;
  }

  function tryToOpen(request: TftpRequest, datagram: Datagram, { asked, socket, now }: Opening) {
    return accept(request, {
      ...termsFor(datagram, asked, now),
      tree,
      files: parts.files,
      slotBytes: SLOT_BYTES,
      join: (wish) =>
        groups.join({ ...wish, settings, socket, from: datagram.replyFrom, ifindex: datagram.ifindex, now }),
      randomHex: parts.randomHex,
      sync: parts.sync ?? syncHere,
    });
  }

  /** What the terms of a transfer depend on. */
  function termsFor({ peer, ifindex }: Asker, asked: DatagramSocket, now: number): TermsContext {
    return {
      settings,
      framePayload: parts.frames.payloadOf(ifindex, now, asked.bound.ipv6),
      temper: (limits) =>
        parts.memory.size > 0 ? parts.memory.temper(textOf(asked, peer), limits, now) : limits,
      now,
      rows,
    };
  }

  /** One TID for all who come now, but never the one that this client's last transfer had. */
  function pickTid(datagram: Asker, { asked, now, replaced }: Begin): DatagramSocket {
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
    onTime,
    nextDeadline: waiting.nextDeadline,
    get waiting() {
      return waiting.size;
    },
    abandon: waiting.clear,
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

type Conclusion = Opening & { readonly answer: Acceptance };

/** Without a word: the client would take it for an answer to its new request. */
const SUPERSEDED: Retirement = { failure: 'superseded' };
const GAVE_WAY: Retirement = {
  failure: 'gave-way',
  error: { code: ERROR_CODE.undefined, message: 'Server busy, try again later' },
};

/** What the search for a configuration is told. */
function servedBy(answer: Acceptance): Served {
  if (!answer.ok || !answer.value.rendered) return answer.ok;
  const { profile, reason } = answer.value.rendered;
  return { rendered: profile, reason };
}

function isRepeat(known: Transfer, datagram: Datagram, now: number): boolean {
  if (!bytesEqual(known.request, datagram.bytes)) return false;
  const phase = known.content.session.phase();
  return phase === 'opening' || (phase === 'transferring' && now - known.heardAt < LATE_REPEAT_MS);
}
