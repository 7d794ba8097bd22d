import type { BootEvent, BootpEvent, ClientFacts, DhcpEvent } from '../events/event.ts';
import type { LoopEvent, ProgressEvent } from '../events/progress-event.ts';
import { formatIpv4, type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import type { Mark, Opening, Seen, Weight } from './mark.ts';
import { ofFile } from './seen-files.ts';

/**
 * What an event says of one machine's boot; undefined for events that are about no machine, or say nothing that a later one does
 * not. Called for every event of a storm: one object, no text but an address.
 */
export function seenOf(event: BootEvent, at: number): Seen | undefined {
  switch (event.type) {
    case 'dhcp.offer':
    case 'dhcp.ack':
    case 'dhcp.nak':
    case 'dhcp.inform':
    case 'dhcp.release':
    case 'dhcp.decline':
    case 'dhcp.boot-server-ack':
    case 'dhcp.proxy-offer':
    case 'dhcp.quirk':
    case 'dhcp.ignored':
    case 'dhcp.pool-exhausted':
    case 'dhcp.no-address':
    case 'bootp.reply':
    case 'bootp.ignored':
      return event.mac === '' ? undefined : ofClient(event, at);
    case 'dhcp.malformed': {
      const { mac, why } = event;
      return mac === undefined || mac === ''
        ? undefined
        : { mac, mark: { what: 'malformed', at, why }, weight: 0 };
    }
    case 'tftp.started':
    case 'tftp.done':
    case 'tftp.failed':
    case 'tftp.probed':
    case 'tftp.refused':
    case 'tftp.config':
    case 'http.started':
    case 'http.done':
    case 'http.failed':
    case 'http.probed':
    case 'http.refused':
    case 'http.reported':
      return ofFile(event, at);
    case 'boot.again':
    case 'boot.installed':
    case 'boot.relinked':
    case 'boot.not-relinked':
    case 'boot.loop':
      return ofProgress(event, at);
    default:
      return undefined;
  }
}

type OfClient = Extract<DhcpEvent | BootpEvent, ClientFacts & { readonly type: string }>;

function ofClient(event: OfClient, at: number): Seen | undefined {
  const { mac, stage, secs } = event;
  const common = {
    at,
    ...(stage !== undefined && { stage }),
    ...(secs !== undefined && { secs }),
  };
  const seen = (mark: Mark, weight: Weight, peer?: Ipv4): Seen => {
    const opening = openingOf(event);
    return {
      ...{ mac, mark, weight, client: event },
      ...(opening !== undefined && { opening }),
      ...(peer !== undefined && peer !== UNSPECIFIED && { peer: formatIpv4(peer) }),
    };
  };
  switch (event.type) {
    case 'dhcp.offer': {
      const { ip, file, reason } = event;
      return seen(
        { what: 'offered', ...common, ip: formatIpv4(ip), ...fileAnd(file, reason), ...later(event) },
        0,
      );
    }
    case 'dhcp.ack':
      return seen(
        { what: 'got-address', ...common, ip: formatIpv4(event.ip), ...fileAnd(event.file) },
        1,
        event.ip,
      );
    case 'bootp.reply':
      return seen(
        { what: 'bootp-answered', ...common, ip: formatIpv4(event.ip), ...fileAnd(event.file) },
        0,
        event.ip,
      );
    case 'dhcp.nak':
      return seen({ what: 'refused-address', ...common, ip: formatIpv4(event.ip), why: event.why }, 0);
    case 'dhcp.inform':
      return seen({ what: 'informed', ...common, ip: formatIpv4(event.ip) }, 0, event.ip);
    case 'dhcp.release':
      return seen({ what: 'released', ...common, ip: formatIpv4(event.ip) }, 0);
    case 'dhcp.decline':
      return seen({ what: 'declined', ...common, ip: formatIpv4(event.ip) }, 0);
    case 'dhcp.boot-server-ack':
      return seen({ what: 'told-file-4011', ...common, ...fileAnd(event.file) }, 1, event.ip);
    case 'dhcp.proxy-offer': {
      const { file, reason, menu, quirk } = event;
      const more = {
        ...(menu !== undefined && { menu }),
        ...(quirk !== undefined && { quirk }),
        ...later(event),
      };
      return seen({ what: 'told-file', ...common, ...fileAnd(file, reason), ...more }, 0);
    }
    case 'dhcp.quirk':
      return seen({ what: 'quirk', at, why: event.why, quirk: event.quirk, detail: event.before }, 0);
    case 'dhcp.ignored':
      return ofIgnored(event, common, seen);
    case 'bootp.ignored':
      return seen({ what: 'ignored', ...common, messageType: 'BOOTP', ...whyOf(event) }, 0);
    case 'dhcp.pool-exhausted':
      return seen({ what: 'pool-exhausted', ...common, detail: event.pool }, 0);
    case 'dhcp.no-address':
      return seen({ what: 'no-address', ...common, why: event.why }, 0);
  }
}

function ofIgnored(
  event: Extract<DhcpEvent, { type: 'dhcp.ignored' }>,
  common: Pick<Mark, 'at' | 'stage' | 'secs'>,
  seen: (mark: Mark, weight: Weight, peer?: Ipv4) => Seen,
): Seen | undefined {
  const { messageType, ip, why } = event;
  // Overheard: it takes the address that another server gives it. The rest of their talk is no business of ours.
  if (why === 'address-server') {
    return ip === undefined || ip === UNSPECIFIED
      ? undefined
      : seen({ what: 'took-elsewhere', ...common, ip: formatIpv4(ip) }, 1, ip);
  }
  return seen({ what: 'ignored', ...common, messageType, ...whyOf(event) }, 0);
}

function fileAnd(file: string | undefined, reason?: string): Pick<Mark, 'file' | 'reason'> {
  if (file === undefined) return NOTHING;
  return reason === undefined ? { file } : { file, reason };
}

function later({ later: told }: { readonly later?: true }): Pick<Mark, 'later'> {
  return told ? { later: true } : NOTHING;
}

function whyOf({
  why,
  detail,
}: {
  readonly why: string;
  readonly detail?: string;
}): Pick<Mark, 'why' | 'detail'> {
  return detail === undefined ? { why } : { why, detail };
}

const NOTHING = {};

/** Asks whoever begins; answers to a REQUEST belong to what began before. */
function openingOf(event: OfClient): Opening | undefined {
  switch (event.type) {
    case 'bootp.reply':
    case 'bootp.ignored':
      return 'bootp';
    case 'dhcp.ignored':
      if (event.messageType !== 'DISCOVER') return undefined;
      break;
    case 'dhcp.offer':
    case 'dhcp.proxy-offer':
    case 'dhcp.pool-exhausted':
    case 'dhcp.no-address':
      break;
    default:
      return undefined;
  }
  const { kind, stage } = event;
  if (kind !== undefined) return kind;
  if (stage === 'rom') return 'rom';
  return stage === 'ipxe' ? 'ipxe' : undefined;
}

function ofProgress(event: ProgressEvent | LoopEvent, at: number): Seen | undefined {
  switch (event.type) {
    case 'boot.again':
      return { mac: event.mac, mark: { what: 'boots-again', at, detail: event.profile }, weight: 1 };
    case 'boot.installed': {
      const { mac, profile, next, proof } = event;
      return { mac, mark: { what: 'installed', at, rendered: profile, detail: next, why: proof }, weight: 2 };
    }
    case 'boot.relinked': {
      const { peer, link, to } = event;
      return { peer, mark: { what: 'relinked', at, file: link, detail: to }, weight: 1 };
    }
    case 'boot.not-relinked': {
      const { peer, link } = event;
      return { peer, mark: { what: 'not-relinked', at, file: link, ...whyOf(event) }, weight: 1 };
    }
    case 'boot.loop': {
      const { peer, file, times, missing } = event;
      return { peer, mark: { what: 'loop', at, file, why: missing, detail: String(times) }, weight: 1 };
    }
    default:
      return undefined;
  }
}
