import { roleOf } from '../../boot/boot-step.ts';
import { type BootStep, createLoopGuard, type LoopGuardOptions } from '../../boot/loop-guard.ts';
import { LOCAL_PROFILE } from '../../boot/profile.ts';
import type { Stamped } from '../../events/bus.ts';
import type { BootEvent, Emit } from '../../events/event.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../lib/ipv4.ts';
import type { Mac } from '../../lib/mac.ts';

/** Addresses whose machines are known by their MAC. */
const MACS_MOST = 4096;

/**
 * A bus listener that tells of machines which fetch the same loader again and again (`boot.loop`). A machine is its address
 * here, for files are asked for by address; DHCP tells whose it is.
 */
export function createLoopWatch(emit: Emit, options: LoopGuardOptions = {}): (stamped: Stamped) => void {
  const guard = createLoopGuard(options);
  /** By the address as a number, of 32 bits with a sign: V8 keeps those without a box. */
  const macs = new Map<number, Mac>();

  function remember(ip: Ipv4, mac: Mac): void {
    macs.delete(ip | 0);
    macs.set(ip | 0, mac);
    if (macs.size > MACS_MOST) macs.delete(macs.keys().next().value!);
  }

  return ({ at, event }) => {
    if (event.type === 'dhcp.ack') remember(event.ip, event.mac);
    const seen = stepOf(event);
    const loop = seen && guard.saw(seen.who, seen.step, at);
    if (!loop) return;
    const ip = parseIpv4(seen.who);
    const mac = ip === undefined ? undefined : macs.get(ip | 0);
    emit({ type: 'boot.loop', peer: seen.who, ...(mac !== undefined && { mac }), ...loop });
  };
}

type Seen = { readonly who: string; readonly step: BootStep };

/** What an event tells about a machine's boot; most tell nothing. */
function stepOf(event: BootEvent): Seen | undefined {
  switch (event.type) {
    case 'dhcp.ack': {
      const isSystem = event.stage === 'os' || event.stage === 'installer';
      return isSystem ? through(formatIpv4(event.ip)) : undefined;
    }
    case 'tftp.config':
      if (isLocal(event)) return through(event.peer);
      return { who: event.peer, step: { kind: 'config', found: event.winner !== undefined } };
    case 'tftp.refused':
      return event.write ? undefined : ofRefused(event);
    case 'http.refused':
      return ofRefused(event);
    case 'tftp.started':
    case 'http.started':
      return ofFile(event, 'asked');
    case 'tftp.done':
    case 'http.done':
      return ofFile(event, 'done');
    case 'tftp.probed':
      return ofFile(event, 'probed');
    case 'tftp.failed':
    case 'http.failed':
      return ofFile(event, 'failed');
    default:
      return undefined;
  }
}

function through(who: string): Seen {
  return { who, step: { kind: 'system' } };
}

/** Told to boot its own disk, it is through: what follows is not ours. */
function isLocal({ rendered }: { readonly rendered?: string }): boolean {
  return rendered === LOCAL_PROFILE.name;
}

type RefusedEvent = {
  readonly peer: string;
  readonly file: string;
  readonly failure: string;
  readonly search?: true;
  readonly optional?: true;
};

function ofRefused({ peer: who, file, failure, search, optional }: RefusedEvent): Seen | undefined {
  if (optional || failure !== 'not-found') return undefined;
  return { who, step: search ? { kind: 'config', found: false } : { kind: 'refused', file } };
}

type PayloadState = Extract<BootStep, { kind: 'payload' }>['state'];

type FileEvent = {
  readonly peer: string;
  readonly file: string;
  readonly write?: boolean;
  readonly rendered?: string;
};

function ofFile(event: FileEvent, state: PayloadState): Seen | undefined {
  if (event.write) return undefined;
  const { peer: who, file } = event;
  switch (roleOf(file)) {
    case 'loader':
      return state === 'done' ? { who, step: { kind: 'loader', file } } : undefined;
    case 'config':
      if (state !== 'done') return undefined;
      return isLocal(event) ? through(who) : { who, step: { kind: 'config', found: true } };
    case 'payload':
      return { who, step: { kind: 'payload', file, state } };
    default:
      return undefined;
  }
}
