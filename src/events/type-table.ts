import { didYouMean } from '../lib/near.ts';
import type { BootEvent } from './event.ts';

/** Every type, for the compiler sees to it that none is left out and none is made up. */
const TYPES: Readonly<Record<BootEvent['type'], true>> = {
  'boot.again': true,
  'boot.installed': true,
  'boot.loop': true,
  'boot.not-relinked': true,
  'boot.progress': true,
  'boot.relinked': true,
  'bootp.ignored': true,
  'bootp.reply': true,
  'dhcp.ack': true,
  'dhcp.boot-server-ack': true,
  'dhcp.conflict': true,
  'dhcp.decline': true,
  'dhcp.ignored': true,
  'dhcp.inform': true,
  'dhcp.lease-query': true,
  'dhcp.malformed': true,
  'dhcp.nak': true,
  'dhcp.no-address': true,
  'dhcp.offer': true,
  'dhcp.other-server': true,
  'dhcp.pool-exhausted': true,
  'dhcp.proxy-offer': true,
  'dhcp.quirk': true,
  'dhcp.release': true,
  'dhcp.role': true,
  'dhcp.server-gone': true,
  'files.changed': true,
  'files.stored': true,
  'http.done': true,
  'http.failed': true,
  'http.malformed': true,
  'http.probed': true,
  'http.refused': true,
  'http.reported': true,
  'http.started': true,
  'lease.released': true,
  'service.asked': true,
  'service.failed': true,
  'service.interface': true,
  'service.ready': true,
  'service.started': true,
  'service.stopped': true,
  'service.warning': true,
  'tftp.config': true,
  'tftp.done': true,
  'tftp.failed': true,
  'tftp.malformed': true,
  'tftp.probed': true,
  'tftp.refused': true,
  'tftp.started': true,
};

/** What events are called: `dhcp.ack`. */
export const EVENT_TYPES: readonly string[] = Object.keys(TYPES);

/** Their first words, which stand for all of a kind: `dhcp`. */
export const EVENT_FAMILIES: readonly string[] = [...new Set(EVENT_TYPES.map((type) => type.split('.')[0]!))];

/**
 * What is wrong with a word that is to name events, by type or family; undefined where it names some.
 *
 *     unknownType('dhcp.akc') // 'there is no event dhcp.akc; did you mean dhcp.ack?'
 */
export function unknownType(word: string): string | undefined {
  if (EVENT_TYPES.includes(word) || EVENT_FAMILIES.includes(word)) return undefined;
  const [family = ''] = word.split('.');
  const ofFamily = EVENT_TYPES.filter((type) => type.startsWith(`${family}.`));
  const there = ofFamily.length > 0 ? ofFamily : EVENT_FAMILIES;
  const names = [...EVENT_FAMILIES, ...EVENT_TYPES];
  return `there is no event ${word}${didYouMean(word, names, `; there is ${there.join(', ')}`)}`;
}
