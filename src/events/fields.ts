import { formatIpv4 } from '../lib/ipv4.ts';
import type { BootEvent } from './event.ts';

/** The event's own fields, with addresses as people and other tools write them: what log and API tell of it. */
export function fieldsOf(event: BootEvent): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...event };
  if ('ip' in event && event.ip !== undefined) shown.ip = formatIpv4(event.ip);
  if ('offered' in event && event.offered !== undefined) shown.offered = formatIpv4(event.offered);
  if ('via' in event && event.via !== undefined) shown.via = formatIpv4(event.via);
  if (typeof shown.peer === 'number') shown.peer = formatIpv4(shown.peer);
  if ('xid' in event && event.xid !== undefined) shown.xid = event.xid.toString(16).padStart(8, '0');
  return shown;
}
