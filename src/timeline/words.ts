import { because } from '../events/because.ts';
import { REASONS } from '../events/reason-table.ts';
import { own } from '../lib/own.ts';
import { plural } from '../lib/plural.ts';
import { formatBytes } from '../lib/size.ts';
import type { Mark } from './mark.ts';

/** A mark in words, of a machine that everybody knows is meant. */
export function textOf(mark: Mark): string {
  const times = mark.times === undefined ? '' : ` (${mark.times} times)`;
  return sentence(mark) + times;
}

/** Did it go well? undefined for what is neither good nor bad: questions, probes, names that are tried. */
export function isGood({ what, optional, part }: Mark): boolean | undefined {
  switch (what) {
    case 'got-address':
    case 'bootp-answered':
    case 'told-file-4011':
    case 'configured':
    case 'installed':
    case 'reported':
    case 'relinked':
    case 'sent':
      return true;
    case 'fetched':
      return part ? undefined : true;
    case 'refused':
      return optional ? undefined : false;
    case 'refused-address':
    case 'ignored':
    case 'pool-exhausted':
    case 'no-address':
    case 'declined':
    case 'malformed':
    case 'cut-off':
    case 'not-configured':
    case 'not-relinked':
    case 'boots-again':
    case 'loop':
      return false;
    default:
      return undefined;
  }
}

function sentence(mark: Mark): string {
  const { file = '', ip = '', why = '', by } = mark;
  const http = by === 'http' ? ' by HTTP' : '';
  switch (mark.what) {
    case 'offered':
      return `was offered ${ip}${boots(mark)}`;
    case 'got-address':
      return `got ${ip}${who(mark)}`;
    case 'bootp-answered':
      return `got ${ip} by BOOTP${boots(mark)}`;
    case 'told-file':
      return `was told what to boot, another server gives the address${boots(mark)}`;
    case 'told-file-4011':
      return `asked port 4011${boots(mark)}`;
    case 'took-elsewhere':
      return `took ${ip} of another server`;
    case 'refused-address':
      return `was refused ${ip}: ${own(REASONS, why) ?? why}`;
    case 'ignored':
      return `${mark.messageType ?? 'a request'} was ignored: ${own(REASONS, why) ?? why}${detail(mark)}`;
    case 'pool-exhausted':
      return `got no address: pool ${mark.detail ?? ''} is full`;
    case 'no-address':
      return `was told to do without an address: ${own(REASONS, why) ?? why}`;
    case 'informed':
      return `was told its settings at ${ip}`;
    case 'released':
      return `released ${ip}`;
    case 'declined':
      return `declined ${ip}: somebody else uses it`;
    case 'malformed':
      return `sent octets that are no DHCP message: ${why}`;
    case 'quirk':
      return why === 'worked'
        ? `boots with quirk ${mark.quirk}`
        : `does not boot with quirk ${mark.detail}; trying ${mark.quirk}`;
    case 'asked':
      return `fetches ${file}${http}${mark.size === undefined ? '' : ` (${formatBytes(mark.size)})`}`;
    case 'fetched': {
      const resent = mark.resent === undefined ? '' : `, ${plural(mark.resent, 'retransmission')}`;
      return `got ${mark.part ? 'a part of ' : ''}${file}${http} (${formatBytes(mark.bytes ?? 0)}${resent})${made(mark)}`;
    }
    case 'cut-off': {
      const of = mark.size === undefined ? '' : ` of ${formatBytes(mark.size)}`;
      return `did not get ${file}${http}: ${whyOf(mark)} after ${formatBytes(mark.bytes ?? 0)}${of}`;
    }
    case 'probed':
      return `asked for the size of ${file}${http}`;
    case 'refused':
      return `cannot have ${file}${http}: ${whyOf(mark)}${mark.optional ? ' (it does without)' : ''}`;
    case 'looked-for':
      return `looks for its configuration: ${(mark.tried ?? []).join(', ')}`;
    case 'configured': {
      const missing = (mark.tried ?? []).filter((name) => name !== file);
      const after = missing.length > 0 ? ` (not there: ${missing.join(', ')})` : '';
      const reason = mark.reason === undefined ? '' : ` (${mark.reason})`;
      return `is configured by ${file}${made(mark)}${reason}${after}`;
    }
    case 'not-configured':
      return `found no configuration; it asked for ${(mark.tried ?? []).join(', ')}`;
    case 'sent':
      return `sent ${file}${http} (${formatBytes(mark.bytes ?? 0)})`;
    case 'reported':
      return `reported ${file}${http}`;
    case 'boots-again':
      return `boots again: the files of profile ${mark.detail} are counted anew`;
    case 'installed':
      return `got through profile ${mark.rendered}; from now on it boots ${mark.detail}`;
    case 'relinked':
      return `${file} is a link to ${mark.detail} now`;
    case 'not-relinked':
      return `${file} stays as it is: ${own(REASONS, why) ?? why}${detail(mark)}`;
    case 'loop':
      return `fetched ${file} ${mark.detail} times, and the ${why} never came`;
  }
}

function boots({ file, reason, later, menu }: Mark): string {
  const shown = menu === undefined ? '' : `, shows a menu of ${menu}`;
  const asks = later ? ', is to ask port 4011' : '';
  if (file === undefined) return shown + asks;
  return `${shown}, boots ${file}${reason === undefined ? '' : ` (${reason})`}${asks}`;
}

function who({ stage }: Mark): string {
  if (stage === 'os' || stage === 'installer')
    return stage === 'os' ? ', as an operating system' : ', as an installer';
  return stage === 'ipxe' ? ', as iPXE' : '';
}

function made({ rendered }: Mark): string {
  return rendered === undefined ? '' : `, made from profile ${rendered}`;
}

function whyOf({ why = 'unknown', detail: more }: Mark): string {
  return because({ failure: why, ...(more !== undefined && { detail: more }) });
}

function detail({ detail: more }: Mark): string {
  return more === undefined ? '' : ` (${more})`;
}
