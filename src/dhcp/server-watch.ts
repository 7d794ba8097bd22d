/**
 * Who gives addresses on a link: found out before the first answer in mode auto, and watched from then on.
 *
 * Theory of operation. A *look* asks the link for servers (a DISCOVER that takes nothing) and waits for what they offer. The
 * first one decides our role, the others come each minute. What servers say to other clients is listened to as well.
 *
 *     undecided --carrier--> first look: asks at 0 and 2 s
 *     first look --an address is offered--> proxy
 *     first look --4.5 s of silence--> server, and looks again after 10 and 40 s
 *     server --another one gives addresses--> told of; in mode auto, while no lease was given: a look to make sure
 *     that look --it offers us an address--> proxy
 *     proxy --5 looks without an offer--> told that nobody gives addresses
 *
 * 4.5 s, because dnsmasq pings a new address for up to 3 s before it offers it. Once more after 40 s, because a switch with a
 * spanning tree lets nothing pass for 30 s after the link came up. To make sure only after a random pause, because
 * two pxeds that started at the same time find one another: the first that asks gives way, and the second hears nothing.
 */
import type { BootEvent } from '../events/event.ts';
import type { OtherServer } from './other-server.ts';

export type Role = 'server' | 'proxy';

export type WatchOptions = {
  readonly interface: string;
  /** `auto`: what the first look finds. */
  readonly role: Role | 'auto';
  /** Off: nothing but the first look of `auto`. */
  readonly watching: boolean;
  /** From 0 to less than 1. */
  readonly random: () => number;
};

export type ServerWatch = {
  /** undefined: not known yet; requests have to wait. */
  readonly role: Role | undefined;
  /** The xid of the newest look: a question of ours that comes back, by a relay or another interface of ours, has it. */
  readonly asked: number | undefined;
  /** The link has a carrier, or lost it. Without one nothing is asked. */
  carrier(up: boolean, now: number): void;
  /** An OFFER or ACK of another server passed by. */
  heard(server: OtherServer, now: number): readonly BootEvent[];
  /** We gave somebody an address: from now on another server is told of, but our role stays. */
  granted(): void;
  /** `ask`: the xid of a DISCOVER to send now. */
  poll(now: number): { readonly ask?: number; readonly events: readonly BootEvent[] };
  /** When {@link poll} has something to do. */
  deadline(): number;
};

const ASK_AGAIN_MS = 2_000;
const LOOK_MS = 4_500;
const SURE_WITHIN_MS = 3_000;
const SOON_MS = [10_000, 30_000] as const;
const EVERY_MS = 60_000;
const SILENT_LOOKS = 5;
/** One server is told of once in this time, and so many of them: anybody can send OFFERs under any name. */
const TELL_AGAIN_MS = 3_600_000;
const TELL_MOST = 16;

type Look = { kind: 'first' | 'sure' | 'again'; xid: number; asks: number[]; endAt: number };

export function createServerWatch(options: WatchOptions): ServerWatch {
  const { interface: name, watching, random } = options;
  const told = new Map<string, number>();
  let role: Role | undefined = options.role === 'auto' ? undefined : options.role;
  let up = false;
  let look: Look | undefined;
  let asked: number | undefined;
  let soon: number[] = [];
  let nextAt = Number.POSITIVE_INFINITY;
  let mayChange = options.role === 'auto';
  /** Of the server that gives the addresses where we are a proxy. */
  let hears = false;
  let silent = 0;

  function begin(kind: Look['kind'], at: number): void {
    const asks = kind === 'again' ? [at] : [at, at + ASK_AGAIN_MS];
    asked = Math.floor(random() * 2 ** 32);
    look = { kind, xid: asked, asks, endAt: at + LOOK_MS };
    nextAt = Number.POSITIVE_INFINITY;
  }

  function end(now: number): void {
    look = undefined;
    const wait = soon.shift() ?? EVERY_MS * (0.75 + random() / 2);
    if (watching) nextAt = now + wait;
  }

  function settle(now: number, server?: OtherServer): BootEvent[] {
    role = server ? 'proxy' : 'server';
    if (look?.kind === 'first') soon = [...SOON_MS];
    end(now);
    if (!server) return [{ type: 'dhcp.role', interface: name, role }];
    hears = true;
    return [{ type: 'dhcp.role', interface: name, role, ...nameOf(server) }];
  }

  function tell(server: OtherServer, now: number): BootEvent[] {
    const { kind, ip, offered, file } = server;
    for (const [key, at] of told) if (now - at >= TELL_AGAIN_MS) told.delete(key);
    const key = `${kind} ${ip}`;
    if (told.has(key) || told.size >= TELL_MOST) return [];
    told.set(key, now);
    const more = { ...(offered !== undefined && { offered }), ...(file !== undefined && { file }) };
    return [{ type: 'dhcp.other-server', interface: name, kind, ...nameOf(server), ...more }];
  }

  /** Silence ended the look. */
  function ended(kind: Look['kind'], now: number): BootEvent[] {
    if (kind === 'first') return settle(now);
    end(now);
    if (role !== 'proxy' || kind !== 'again') return [];
    silent++;
    if (silent !== SILENT_LOOKS) return [];
    hears = false;
    return [{ type: 'dhcp.server-gone', interface: name }];
  }

  /** The server that gives the addresses here, as it should. */
  function heardOurs(server: OtherServer, now: number): BootEvent[] {
    silent = 0;
    if (look?.kind === 'again') end(now);
    if (hears) return [];
    hears = true;
    return [{ type: 'dhcp.role', interface: name, role: 'proxy', ...nameOf(server) }];
  }

  function heardStranger(server: OtherServer, now: number): BootEvent[] {
    const events = tell(server, now);
    if (!mayChange) return events;
    if (look?.kind !== 'sure') begin('sure', now + random() * SURE_WITHIN_MS);
    else if (server.xid === look.xid) events.push(...settle(now, server));
    return events;
  }

  return {
    get role() {
      return role;
    },
    get asked() {
      return asked;
    },
    carrier(running, now) {
      if (up === running) return;
      up = running;
      look = undefined;
      if (!up) return;
      if (role === undefined) begin('first', now);
      else {
        // It may be another network than before.
        soon = [...SOON_MS];
        if (watching) nextAt = now + ASK_AGAIN_MS;
      }
    },
    heard(server, now) {
      if (role === undefined) return server.kind === 'address' ? settle(now, server) : tell(server, now);
      if (!watching) return [];
      if (server.kind === 'boot') return tell(server, now);
      return role === 'proxy' ? heardOurs(server, now) : heardStranger(server, now);
    },
    granted() {
      mayChange = false;
      if (look?.kind === 'sure') look.kind = 'again';
    },
    poll(now) {
      if (!up) return { events: [] };
      if (!look && now >= nextAt) begin('again', now);
      if (look && look.asks.length > 0 && now >= look.asks[0]!) {
        look.asks.shift();
        return { ask: look.xid, events: [] };
      }
      return { events: look && now >= look.endAt ? ended(look.kind, now) : [] };
    },
    deadline() {
      if (!up) return Number.POSITIVE_INFINITY;
      return look ? Math.min(look.endAt, ...look.asks) : nextAt;
    },
  };
}

function nameOf({ ip, mac }: OtherServer): Pick<OtherServer, 'ip' | 'mac'> {
  return { ip, ...(mac !== undefined && { mac }) };
}
