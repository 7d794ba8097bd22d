import { leasesToMove } from '../../dhcp/changed-subnet.ts';
import type { DhcpContext, DhcpRequest, ProbeOutcome, Reply } from '../../dhcp/conversation.ts';
import { handle } from '../../dhcp/handle.ts';
import type { DhcpPlan, PlannedNetwork } from '../../dhcp/plan.ts';
import type { QuirkMemory } from '../../dhcp/quirk-memory.ts';
import { success, type TrialStep } from '../../dhcp/quirks.ts';
import { decode, encodeReport, hardwareAddress, MessageType, messageType } from '../../dhcp-packet/index.ts';
import type { BootEvent } from '../../events/event.ts';
import { type Ipv4, LIMITED_BROADCAST, UNSPECIFIED } from '../../lib/ipv4.ts';
import { formatMac } from '../../lib/mac.ts';
import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import type { LeaseStore } from '../../store/lease-store.ts';
import { createBacklog } from './backlog.ts';
import type { Clock } from './clock.ts';
import { createFloodgate } from './floodgate.ts';
import { glanceAt } from './glance.ts';
import { keepRequest } from './keep-request.ts';
import { type AttachedListener, transmit } from './listeners.ts';
import type { LookAround } from './look-around.ts';
import { createOfferGuard } from './offer-guard.ts';
import { createPayloads } from './payloads.ts';
import { createPostponed } from './postponed.ts';
import { createProbes, echoThrough, type Settled } from './probes.ts';
import { createRateLimits } from './rate-limits.ts';
import type { Reporter } from './reporter.ts';
import type { Current } from './server.ts';
import { MAX_FRAMES, MAX_PENDING, MAX_PROBES, MOST_ANSWERED, MOST_READ } from './turn-limits.ts';

/** As many as one receive() takes: when so many came, more may wait. */
const BATCH = 64;

type Origin = { readonly listener: AttachedListener; readonly port: 67 | 4011 };

/** Of a datagram, or of its copy. */
type Sender = Pick<Datagram, 'peer' | 'peerPort' | 'local'>;

type Outgoing = {
  readonly payload: Uint8Array;
  readonly destination: Reply['destination'];
  readonly request: Pick<DhcpRequest, 'port' | 'link'>;
  readonly delayMs: number;
  /** It gives an address for good. */
  readonly grants: boolean;
};

/**
 * The server's turns: drain the sockets, decide about everything, commit once, send, tell. Decisions of one turn see each
 * other's leases, and no reply leaves before the commit that makes it true.
 */
export function createTurns(io: {
  readonly attached: readonly AttachedListener[];
  readonly leases: LeaseStore;
  readonly current: Current;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Told of given addresses; knows our own questions, which are no client's. */
  readonly lookAround: Pick<LookAround, 'granted' | 'admits'>;
  /** Pings addresses behind relays before they are offered; absent where that is impossible. */
  readonly echo?: DatagramSocket;
  readonly quirks: QuirkMemory;
  readonly chosen?: DhcpContext['chosen'];
}) {
  const { attached, leases, current, clock, reporter, quirks, lookAround } = io;
  const postponed = createPostponed<Outgoing>();
  const byName = new Map(attached.map((listener) => [listener.name, listener]));
  const probes = createProbes({
    arp: (probe, frame) => {
      const frames = byName.get(probe.link.name)?.frames;
      return frames !== undefined && frames.send(frame) === undefined;
    },
    ...(io.echo && { echo: echoThrough(io.echo) }),
    secret: crypto.getRandomValues(new Uint8Array(10)),
  });
  const backlog = createBacklog<Origin>();
  const gate = createFloodgate(attached.flatMap(({ ports }) => ports.map(({ socket }) => socket)));
  const isOver = createRateLimits(() => current.plan.settings.limits);
  const guard = createOfferGuard(
    () => current.plan.settings.offerSeconds,
    (ip) => current.plan.networks.find(({ pool }) => pool.has(ip)),
  );
  const mayHold = (network: PlannedNetwork) => guard.mayHold(network, clock.ticks());
  /** Datagrams that this turn may still answer as they come, in order and without a copy. */
  let atOnce = 0;
  /** How many this turn may still answer. */
  let room = MOST_ANSWERED;
  const payloads = createPayloads();
  let outbox: Outgoing[] = [];
  let events: BootEvent[] = [];
  /** What trials come to when the replies of this turn leave. */
  let trials: TrialStep[] = [];
  /** The plan whose networks the saved leases are of, and the one that those of this turn are of. */
  let followed: DhcpPlan | undefined;
  let following: DhcpPlan | undefined;
  for (const { socket } of attached.flatMap(({ ports }) => ports)) socket.onFailure = reporter.unsent;

  function take(): void {
    payloads.reset();
    followPlan();
    for (const { frames } of attached) {
      for (let left = MAX_FRAMES; left > 0; left--) {
        const frame = frames?.receive();
        if (!frame) break;
        const settled = probes.observe(frame);
        if (settled) resume(settled);
      }
    }
    if (io.echo) hearEchoes(io.echo);
    for (const settled of probes.due(clock.ticks())) resume(settled);
    atOnce = backlog.size > 0 ? 0 : BATCH;
    room = MOST_ANSWERED;
    for (const listener of attached) if (current.links.has(listener.name)) receive(listener);
    answerBacklog();
    finish();
  }

  /** Leases go along when a network gets another prefix; until they are saved, in every turn again. */
  function followPlan(): void {
    following = current.plan;
    if (following !== followed) leases.stage(leasesToMove(following, leases, clock.wall()));
  }

  function hearEchoes(socket: DatagramSocket): void {
    const count = socket.receive();
    for (let i = 0; i < count; i++) {
      const settled = probes.observeEcho(socket.datagram(i).bytes);
      if (settled) resume(settled);
    }
  }

  function receive(listener: AttachedListener): void {
    for (const { port, socket } of listener.ports) {
      const origin = { listener, port };
      let count = BATCH;
      for (let taken = 0; count === BATCH && taken < MOST_READ; taken += count) {
        count = socket.receive();
        for (let i = 0; i < count; i++) arrive(socket.datagram(i), origin);
      }
    }
  }

  function arrive(datagram: Datagram, origin: Origin): void {
    reporter.counters.received++;
    const { bytes } = datagram;
    const now = clock.ticks();
    const glance = glanceAt(bytes);
    const over = glance && isOver(glance, now);
    if (over !== undefined) reporter.limited(over, bytes);
    else if (glance === undefined || atOnce > 0) {
      atOnce--;
      room--;
      read(datagram, bytes, origin);
    } else backlog.add({ datagram, origin }, glance, now);
  }

  function answerBacklog(): void {
    const now = clock.ticks();
    for (; room > 0 && backlog.size > 0; room--) {
      const waiting = backlog.next(now);
      if (waiting) read(waiting, waiting.bytes, waiting.origin);
    }
    const wasShut = gate.shut;
    gate.follow(backlog.discovers);
    // Counting costs a system call: what was refused is told when it is over.
    reporter.shed(backlog.takeDropped() + (wasShut && !gate.shut ? gate.takeDropped() : 0));
  }

  function read(datagram: Sender, bytes: Uint8Array, { listener, port }: Origin): void {
    const link = current.links.get(listener.name);
    if (!link) return;
    // Views of the receive buffer: good until the next receive(), and what outlives this decision is copied.
    const decoded = decode(bytes, { borrow: true });
    if (!decoded.ok) {
      const mac = bytes.length >= 34 ? formatMac(bytes.subarray(28, 34)) : undefined;
      reporter.malformed(datagram.peer, decoded.reason, mac);
      return;
    }
    if (!lookAround.admits(listener.name, decoded.value.packet)) return;
    decide({
      packet: decoded.value.packet,
      warnings: decoded.value.warnings,
      sizeBytes: bytes.length,
      source: { ip: datagram.peer, port: datagram.peerPort },
      destination: datagram.local === 0 ? LIMITED_BROADCAST : datagram.local,
      port,
      link,
    });
  }

  /** The interface may be another's by now, to give addresses on or to be silent. */
  function resume({ request, outcome, attempt }: Settled): void {
    const link = current.links.get(request.link.name);
    if (link) decide({ ...request, link }, outcome, attempt);
  }

  /** Decides, and either lays a reply aside or has an address probed. Whatever happens here stays here. */
  function decide(request: DhcpRequest, probe?: ProbeOutcome, attempt = 0): void {
    try {
      const decision = handle(request, {
        now: clock.wall(),
        plan: current.plan,
        leases,
        mayHold,
        quirks,
        ...(current.exists && { exists: current.exists }),
        ...(io.chosen && { chosen: io.chosen }),
        ...(probe && { probe }),
      });
      guard.observe(decision.mutations, leases, { ticks: clock.ticks(), wall: clock.wall() });
      leases.stage(decision.mutations);
      events.push(...decision.events);
      if (decision.trial) trials.push(decision.trial);
      if (decision.reply) answer(decision.reply, request);
      if (!decision.probe) return;
      const { timeoutMs } = current.plan.settings.probe;
      const when = { now: clock.ticks(), timeoutMs, attempt: attempt + 1 };
      if (attempt >= MAX_PROBES) return;
      if (probes.size < MAX_PENDING && probes.start(decision.probe, keepRequest(request), when)) return;
      // Nobody can be asked: the address is taken to be free, as when probing is switched off.
      decide(request, { ip: decision.probe.ip, inUse: false }, attempt + 1);
    } catch (error) {
      reporter.fault(error, hardwareAddress(request.packet));
    }
  }

  function finish(): void {
    const replies = outbox;
    const facts = events;
    const steps = trials;
    outbox = [];
    events = [];
    trials = [];
    const saved = save(replies.length);
    if (saved) {
      for (const step of steps) quirks.apply(step);
      for (const outgoing of replies) {
        if (outgoing.delayMs === 0 || !postpone(outgoing)) send(outgoing);
      }
    }
    // What they tell was saved long ago.
    for (const outgoing of postponed.due(clock.ticks())) send(outgoing);
    for (const { ports } of attached) for (const { socket } of ports) socket.flush();
    if (saved) reporter.tell(facts);
  }

  function save(replies: number): boolean {
    try {
      if (leases.commit()) reporter.saved();
    } catch (error) {
      reporter.unsaved(error, replies);
      return false;
    }
    followed = following;
    return true;
  }

  /** Encodes at once: options that a client gets back are views of what it sent. */
  function answer({ packet, limits, destination, delayMs = 0 }: Reply, { port, link }: DhcpRequest): void {
    const report = encodeReport(packet, limits, payloads.room());
    payloads.keep(report.bytes);
    reporter.dropped(report.dropped, packet);
    const grants = packet.yiaddr !== UNSPECIFIED && messageType(packet) !== MessageType.OFFER;
    outbox.push({ payload: report.bytes, destination, request: { port, link }, delayMs, grants });
  }

  function postpone(outgoing: Outgoing): boolean {
    const own = { ...outgoing, payload: outgoing.payload.slice() };
    return postponed.add(own, clock.ticks() + outgoing.delayMs);
  }

  function send({ payload, destination, request, grants }: Outgoing): void {
    const { name } = request.link;
    const listener = byName.get(name);
    if (listener) transmit(listener, request, { payload, destination });
    if (grants) lookAround.granted(name);
    reporter.counters.replies++;
  }

  /** True when there is something to save or to tell, in the next turn. */
  function fetched(ip: Ipv4): boolean {
    const trial = quirks.fetched(ip);
    if (!trial) return false;
    const { mutations, events: learnt } = success(trial, leases.machine(trial.mac), clock.wall());
    leases.stage(mutations);
    events.push(...learnt);
    return learnt.length > 0;
  }

  return {
    take,
    fetched,
    /** How many requests the last turn answered. */
    answered: () => MOST_ANSWERED - room,
    /** When a turn is wanted although nothing arrives, on the ticking clock: for a probe, or for what was left. */
    nextAt: () => (backlog.size > 0 ? clock.ticks() : Math.min(probes.nextAt(), postponed.nextAt())),
  };
}
