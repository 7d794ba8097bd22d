import { Deadlines } from '../../lib/deadlines.ts';
import { PeerTable } from '../../lib/peer-table.ts';
import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import type { UploadProblem } from '../../store/upload.ts';
import { createClientMemory } from '../../tftp/client-memory.ts';
import { createConfigSearch } from '../../tftp/config-search.ts';
import type { Action } from '../../tftp/session.ts';
import { OPCODE } from '../../tftp-packet/index.ts';
import { createAdmission } from './admission.ts';
import { createEndpoints, letGoPeer } from './endpoints.ts';
import type { EngineParts, TftpEngine } from './engine-face.ts';
import { createFileCache } from './file-cache.ts';
import { createFrameSizes } from './frame-sizes.ts';
import { createLessons } from './lessons.ts';
import { liveTransfers } from './live-transfers.ts';
import { createOutbox } from './outbox.ts';
import { createRecentPeers } from './recent-peers.ts';
import { createReport } from './report.ts';
import { createRequestHandler } from './requests.ts';
import { createSendFailures } from './send-failures.ts';
import { answerStray, type Stray } from './strays.ts';
import { createThrottle } from './throttle.ts';
import type { Transfer, WriteContent } from './transfer.ts';

export type { EngineParts, TftpEngine } from './engine-face.ts';

/** Datagrams of one receive(). */
export const BATCH = 64;
/** Batches taken from one socket before the others have their turn. */
const MAX_BATCHES = 8;
/** ERROR 5 and ERROR 4: whatever the source address claims, we are no amplifier. */
const ERRORS = { perSecond: 50, burst: 50 };
const TRIM_EVERY_MS = 5_000;

/**
 * The loop's body: joins sockets to sessions. Whoever drives it (a worker thread that blocks, or the event loop) waits
 * for a socket or for `nextDeadline()`, and calls `onReady` and `onTime`.
 *
 * Theory of operation. A datagram only changes the state of its session and puts it on the dirty list; when the batch is
 * through, each dirty session is polled, what it wants to send is laid into its socket's list, and one flush per socket sends
 * it all. A transfer is found by its client's (address, port): a client has one transfer per port, because a
 * new request from it replaces the old transfer (PXELINUX comes back with the same ports after a reboot).
 */
export function createTftpEngine(parts: EngineParts): TftpEngine {
  const { network, clock, census } = parts;
  const endpoints = createEndpoints(parts.ports);
  const { all: sockets, tids, isWellKnown } = endpoints;
  const table = new PeerTable<Transfer>();
  const deadlines = new Deadlines<Transfer>();
  const recent = createRecentPeers();
  const report = createReport(parts.emit);
  const errors = createThrottle(ERRORS);
  const files = createFileCache(network, parts.settings.cacheBytes);
  const lessons = createLessons(createClientMemory(), report);
  const admission = createAdmission();
  const blocked = new Set<DatagramSocket>();
  const outbox = createOutbox({
    mbps: parts.settings.paceMbps,
    isBlocked: (socket) => blocked.has(socket),
    touched: markDirty,
  });
  /** The first `dirtyCount`; emptying an array is a call into V8. */
  let dirty: (Transfer | undefined)[] = [];
  let dirtyCount = 0;
  let spare: (Transfer | undefined)[] = [];
  let active = 0;
  let trimAt = 0;

  const onFailure = createSendFailures({ report, clock, touched: markDirty });
  for (const socket of sockets) socket.onFailure = onFailure;

  const requests = createRequestHandler({
    ...parts,
    endpoints,
    table,
    recent,
    report,
    errors,
    files,
    frames: createFrameSizes(network),
    memory: lessons.memory,
    admission,
    search: createConfigSearch(),
    active: () => active + (census?.others() ?? 0),
    added(transfer) {
      active++;
      census?.tell(active);
      admission.added(transfer);
      markDirty(transfer);
    },
    touched: markDirty,
    catchUp(socket, now) {
      // A client acknowledges its last block before it asks again: that ACK may still wait in the TID's queue.
      if (isWellKnown(socket)) return;
      // Within bounds: a TID is known to strangers, who may fill its queue faster than it is read.
      for (let batch = 0; batch < MAX_BATCHES; batch++) {
        const count = socket.receive();
        for (let i = 0; i < count; i++) onDatagram(socket, socket.datagram(i), now);
        if (count < BATCH) break;
      }
    },
    makeRoom(now, every) {
      // What is laid out, or waits in a full socket, points into files that may be nobody's by now.
      flushAll();
      return files.makeRoom(now, { every, isSent: blocked.size === 0 });
    },
    settle,
    settleAll: settleDirty,
    retire(transfer, now, why) {
      transfer.session.abort(why.failure, why.error);
      settle(transfer, now);
    },
  });

  function onReady(socket: DatagramSocket): boolean {
    let more = true;
    if (blocked.size > 0 && blocked.has(socket) && socket.flush()) {
      blocked.delete(socket);
      if (outbox.waiting > 0) outbox.run(clock());
    }
    for (let batch = 0; more && batch < MAX_BATCHES; batch++) {
      const count = socket.receive();
      more = count === BATCH; // fewer: that was all, and the poller tells of what comes later
      const now = clock();
      for (let i = 0; i < count; i++) onDatagram(socket, socket.datagram(i), now);
      settleDirty(now);
    }
    return !more;
  }

  function onDatagram(socket: DatagramSocket, datagram: Datagram, now: number): void {
    const { buffer, length } = datagram;
    if (length < 4) return;
    const opcode = (buffer[0]! << 8) | buffer[1]!;
    if (opcode === OPCODE.rrq || opcode === OPCODE.wrq) {
      if (isWellKnown(socket)) requests.handle(socket, datagram, now);
      return;
    }
    const transfer = table.get(datagram.peer, datagram.peerPort);
    if (transfer === undefined || transfer.socket !== socket) onStray(socket, datagram, { opcode, now });
    else onPacket(transfer, datagram, { opcode, now });
  }

  function onPacket(transfer: Transfer, datagram: Datagram, { opcode, now }: Stray): void {
    const { content } = transfer;
    const { buffer } = datagram;
    const number = (buffer[2]! << 8) | buffer[3]!;
    if (opcode === OPCODE.ack && content.kind === 'read') {
      content.session.acknowledge(number, now, datagram.length > 4 ? buffer[4] : 0);
    } else if (opcode === OPCODE.data && content.kind === 'write') {
      content.receive(number, datagram.bytes.subarray(4), now);
    } else if (opcode === OPCODE.error) requests.peerError(transfer, datagram, now);
    else return;
    transfer.heardAt = now;
    if (!transfer.heard) admission.heard(transfer);
    markDirty(transfer);
  }

  function onStray(socket: DatagramSocket, datagram: Datagram, stray: Stray): void {
    // On the well-known port only requests belong to somebody; a single-port server cannot tell late from stray.
    if (!isWellKnown(socket) && answerStray(socket, datagram, { ...stray, recent, errors })) flush(socket);
  }

  function markDirty(transfer: Transfer): void {
    if (transfer.dirty) return;
    transfer.dirty = true;
    dirty[dirtyCount++] = transfer;
  }

  /** Polls every dirty transfer, then sends. A send that fails may make a transfer dirty again. */
  function settleDirty(now: number): void {
    let round = 0;
    do {
      const batch = dirty;
      const count = dirtyCount;
      dirty = spare;
      dirtyCount = 0;
      spare = batch;
      for (let i = 0; i < count; i++) {
        const transfer = batch[i]!;
        batch[i] = undefined;
        transfer.dirty = false;
        if (blocked.size > 0 && blocked.has(transfer.socket)) markDirty(transfer);
        else settle(transfer, now);
      }
      if (outbox.waiting > 0) outbox.run(now);
      flushAll();
    } while (dirtyCount > 0 && ++round < 3);
  }

  function flushAll(): void {
    for (const socket of sockets) flush(socket);
  }

  function flush(socket: DatagramSocket): void {
    if (socket.out.length > 0 && !socket.flush()) blocked.add(socket);
  }

  function settle(transfer: Transfer, now: number): void {
    const { session } = transfer;
    for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
      perform(transfer, action, now);
    }
    deadlines.schedule(transfer);
  }

  function perform(transfer: Transfer, action: Action, now: number): void {
    const { content, address, port, socket } = transfer;
    switch (action.kind) {
      case 'data':
        outbox.send(transfer, action, now);
        return;
      case 'packet':
        socket.out.begin(address, port, transfer);
        socket.out.bytes(action.packet);
        socket.out.end();
        return;
      case 'commit':
        if (content.kind === 'write') content.commit((problem) => committed(transfer, content, problem));
        return;
      case 'finished':
        finish(transfer, now);
        return;
      case 'close':
        if (table.get(address, port) !== transfer) return;
        table.delete(address, port);
        letGoPeer(transfer);
        recent.add(address, port, tids.indexOf(socket), now);
    }
  }

  /** At once, or when the disk is done, between two turns. */
  function committed(transfer: Transfer, content: WriteContent, problem: UploadProblem | undefined): void {
    const now = clock();
    content.session.committed(problem, now);
    settle(transfer, now);
    flushAll();
  }

  function finish(transfer: Transfer, now: number): void {
    transfer.over = true;
    active--;
    census?.tell(active);
    admission.ended(transfer);
    outbox.drop(transfer);
    lessons.ended(transfer, now);
    transfer.content.release(now);
    report.ended(transfer, now);
  }

  function onTime(): void {
    const now = clock();
    for (let due = deadlines.due(now); due !== undefined; due = deadlines.due(now)) {
      lessons.overdue(due, now);
      markDirty(due);
    }
    requests.onTime(now);
    if (outbox.waiting > 0) outbox.run(now);
    settleDirty(now);
    if (now >= trimAt) {
      trimAt = now + TRIM_EVERY_MS;
      files.trim(now);
    }
  }

  return {
    onReady,
    onTime,
    nextDeadline: () =>
      Math.min(
        Math.min(deadlines.next(), outbox.next(), requests.nextDeadline()),
        files.openFiles > 0 ? trimAt : Number.POSITIVE_INFINITY,
      ),
    get active() {
      return active + requests.waiting;
    },
    get openFiles() {
      return files.openFiles;
    },
    transfers: () => liveTransfers(table.values(), clock()),
    abandonWaiting: requests.abandon,
    abortAll() {
      const now = clock();
      requests.abandon();
      for (const transfer of [...table.values()]) {
        transfer.session.abort('shutdown', { code: 0, message: 'Server is shutting down' });
        settle(transfer, now);
      }
      flushAll();
    },
    configure(settings, tree) {
      requests.configure(settings, tree);
      outbox.pace(settings.paceMbps);
    },
    close: () => files.close(),
  };
}
