import { formatDuration } from '../lib/duration.ts';
import { harmless } from '../lib/harmless.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { plural } from '../lib/plural.ts';
import { formatBytes } from '../lib/size.ts';
import { because } from './because.ts';
import { describeHttp } from './describe-http.ts';
import type { BootEvent, ClientFacts } from './event.ts';
import { REASONS } from './reason-table.ts';

/** One line for people: what happened, to whom, and why. Time and level are added by the log. */
export function describe(event: BootEvent): string {
  switch (event.type) {
    case 'dhcp.offer':
    case 'dhcp.ack': {
      const lease = event.leaseSeconds === undefined ? '' : ` for ${formatDuration(event.leaseSeconds)}`;
      return `${client(event)} ${verb(event.type)} ${formatIpv4(event.ip)}${lease}${boots(event.file, event.reason)}`;
    }
    case 'dhcp.boot-server-ack':
      return `${client(event)} answered on port 4011${boots(event.file)}`;
    case 'dhcp.no-address':
      return `${client(event)} was told to do without an address: ${inWords(event.why)}`;
    case 'dhcp.lease-query':
      return `${formatIpv4(event.via)} asked about ${event.about}: ${event.answer}`;
    case 'dhcp.proxy-offer': {
      const menu = event.menu === undefined ? '' : `, shows a menu of ${event.menu}`;
      const quirk = event.quirk === undefined ? '' : `; quirk ${event.quirk}`;
      return `${client(event)} told what to boot${menu}${boots(event.file, event.reason)}${quirk}`;
    }
    case 'dhcp.quirk':
      return event.why === 'worked'
        ? `${client(event)} boots with quirk ${event.quirk}, which is remembered`
        : `${client(event)} does not boot with quirk ${event.before}; trying ${event.quirk}`;
    case 'dhcp.nak':
      return `${client(event)} refused ${formatIpv4(event.ip)}: ${inWords(event.why)}`;
    case 'dhcp.inform':
      return `${client(event)} told its settings at ${formatIpv4(event.ip)}`;
    case 'dhcp.release':
      return `${client(event)} released ${formatIpv4(event.ip)}`;
    case 'lease.released':
      return `${formatIpv4(event.ip)}${event.mac === undefined ? '' : ` of ${event.mac}`} released by ${event.by}`;
    case 'dhcp.decline':
      return `${client(event)} declined ${formatIpv4(event.ip)}: somebody else uses it; set aside`;
    case 'dhcp.ignored':
      return `${client(event)} ${event.messageType} ignored: ${ignoredFor(event)}`;
    case 'dhcp.pool-exhausted':
      return `${client(event)} gets no address: pool ${event.pool} is full`;
    case 'dhcp.conflict':
      return `${formatIpv4(event.ip)} is used by ${event.owner ?? 'somebody'} already; set aside`;
    case 'dhcp.role':
      return `${event.interface}: ${describeRole(event)}`;
    case 'dhcp.other-server': {
      const offers = event.offered === undefined ? '' : `, offers ${formatIpv4(event.offered)}`;
      const kind = event.kind === 'address' ? 'another DHCP server' : 'another proxyDHCP server';
      return `${event.interface}: ${kind} is here: ${server(event.ip, event.mac)}${offers}${boots(event.file)}`;
    }
    case 'dhcp.server-gone':
      return `${event.interface}: no DHCP server gives addresses any more; pxed does not either (mode proxy)`;
    case 'dhcp.malformed':
      return `${event.mac ?? formatIpv4(event.peer)} sent bytes that are no DHCP message: ${event.why}`;
    case 'bootp.reply':
      return `${client(event)} BOOTP answered with ${formatIpv4(event.ip)}${boots(event.file)}`;
    case 'bootp.ignored':
      return `${client(event)} BOOTP ignored: ${ignoredFor(event)}`;
    case 'boot.progress':
      return `${event.mac} has ${event.file}, ${event.fetched} of ${event.of} files of profile ${event.profile}`;
    case 'boot.again':
      return `${event.mac} boots again after ${event.fetched} of ${event.of} files of profile ${event.profile}: they are counted anew`;
    case 'boot.installed': {
      const proof = event.proof === 'fetched' ? 'fetched all its files' : 'reported that it is done';
      return `${event.mac} got through profile ${event.profile} (${proof}); from now on it boots ${event.next}`;
    }
    case 'boot.relinked':
      return `${event.peer} is installed: ${event.link} is a link to ${event.to} now (was ${event.from})`;
    case 'boot.not-relinked':
      return `${event.peer} is installed, but ${event.link} stays as it is: ${ignoredFor(event)}`;
    case 'boot.loop':
      return describeLoop(event);
    case 'service.started': {
      const facts = Object.entries(event.facts).map(([key, value]) => `\n  ${key.padEnd(9)} ${value}`);
      return event.title + facts.join('');
    }
    case 'files.stored':
      return `${harmless(event.path)} ${event.replaced ? 'replaced' : 'stored'} by ${event.by} (${formatBytes(event.bytes)})`;
    case 'files.changed': {
      const to = event.to === undefined ? '' : ` to ${harmless(event.to)}`;
      return `${harmless(event.path)} ${event.change === 'folder-made' ? 'made' : event.change}${to} by ${event.by}`;
    }
    case 'service.ready':
      return `${event.service} ready${event.detail ? `: ${event.detail}` : ''}`;
    case 'service.interface':
      return `${event.interface} changed: ${event.detail}`;
    case 'service.stopped':
      return `${event.service} stopped`;
    case 'service.asked':
      return `${event.user} asked ${event.service} to ${event.action}`;
    case 'service.failed': {
      const next = event.restartInMs === undefined ? 'giving up' : `again in ${event.restartInMs} ms`;
      return `${event.service} failed: ${event.detail}; ${next}`;
    }
    case 'service.warning':
      return `${event.service}: ${event.detail}`;
    default:
      return describeTransfer(event);
  }
}

function server(ip: Ipv4, mac: Mac | undefined): string {
  return mac === undefined ? formatIpv4(ip) : `${formatIpv4(ip)} (${mac})`;
}

function describeRole({ role, ip, mac }: Extract<BootEvent, { type: 'dhcp.role' }>): string {
  if (role === 'server') return 'no other DHCP server answers; pxed gives addresses';
  const who = ip === undefined ? 'another server' : server(ip, mac);
  return `${who} gives addresses; pxed only tells boot clients their files (proxyDHCP)`;
}

function describeLoop(event: Extract<BootEvent, { type: 'boot.loop' }>): string {
  const { peer, mac, file, times, incomplete, refused } = event;
  const who = mac === undefined ? peer : `${peer} (${mac})`;
  const absent = refused === undefined ? '' : `; it asked for ${refused}, which is not there`;
  return `${who} fetched ${file} ${times} times within ten minutes and ${missingStep(event.missing, incomplete)}${absent}`;
}

function missingStep(missing: string, incomplete: string | undefined): string {
  if (missing === 'second-stage') return 'never its second stage (grubx64.efi)';
  if (missing === 'config') return 'never got a configuration';
  if (missing === 'initrd') return `has its kernel, but never got ${incomplete} whole`;
  if (incomplete !== undefined) return `never got ${incomplete} whole`;
  return 'was configured, but never asked for a kernel (or it boots from its disk, and restarts)';
}

type TransferEvent = Extract<BootEvent, { type: `tftp.${string}` | `http.${string}` }>;

function describeTransfer(event: TransferEvent): string {
  const who = event.peer;
  switch (event.type) {
    case 'tftp.started': {
      const size = event.sizeBytes === undefined ? '' : ` (${formatBytes(event.sizeBytes)})`;
      return `${who} ${event.write ? 'sends' : 'fetches'} ${event.file}${size}`;
    }
    case 'tftp.done': {
      const rate = event.tookMs > 0 ? `, ${formatBytes((event.bytes * 1000) / event.tookMs)}/s` : '';
      const repeats = event.retransmissions ? `, ${plural(event.retransmissions, 'retransmission')}` : '';
      const took = `${formatBytes(event.bytes)} in ${Math.round(event.tookMs)} ms`;
      return `${who} ${event.write ? 'sent' : 'got'} ${event.file} (${took}${rate}${repeats})`;
    }
    case 'tftp.failed': {
      const after = `after ${formatBytes(event.bytes)} and ${Math.round(event.tookMs)} ms`;
      return `${who} did not ${event.write ? 'send' : 'get'} ${event.file}: ${because(event)} ${after}`;
    }
    case 'tftp.probed':
      return `${who} asked for the size of ${event.file}`;
    case 'tftp.refused':
      return `${who} ${event.write ? 'may not send' : 'cannot have'} ${event.file}: ${because(event)}`;
    case 'tftp.malformed':
      return `${who} sent bytes that are no TFTP packet: ${event.why}`;
    case 'tftp.config': {
      if (event.winner === undefined)
        return `${who} found no configuration; it asked for ${event.tried.join(', ')}`;
      const missing = event.tried.filter((name) => name !== event.winner);
      const after = missing.length ? ` (not there: ${missing.join(', ')})` : '';
      return `${who} is configured by ${event.winner}${madeFrom(event)}${after}`;
    }
    default:
      return describeHttp(event);
  }
}

function madeFrom({ rendered, reason }: { rendered?: string; reason?: string }): string {
  if (rendered === undefined) return '';
  return `, made from profile ${rendered}${reason ? ` (${reason})` : ''}`;
}

function verb(type: 'dhcp.offer' | 'dhcp.ack'): string {
  return type === 'dhcp.offer' ? 'offered' : 'got';
}

function boots(file: string | undefined, reason?: string): string {
  return file ? `, boots ${file}${reason ? ` (${reason})` : ''}` : '';
}

function ignoredFor(event: { why: string; detail?: string }): string {
  const reason = inWords(event.why);
  return event.detail ? `${reason} (${event.detail})` : reason;
}

/** A reason without words of its own is shown as the code it is. */
function inWords(why: string): string {
  return REASONS[why] ?? why;
}

function client(event: ClientFacts): string {
  const about = [event.arch, event.stage].filter((fact) => fact !== undefined).join(' ');
  const via = event.via ? ` via ${formatIpv4(event.via)}` : '';
  return `${event.mac}${about ? ` (${about})` : ''}${via}`;
}
