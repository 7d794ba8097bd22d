import { dataOf } from '../config/edit.ts';
import type { Json } from '../config/edit-path.ts';
import { isList, isMap } from '../config/edit-value.ts';
import { type Mac, parseMac } from '../lib/mac.ts';
import { ControlError } from '../server/control/control-error.ts';

export type Wish = { readonly address: string; readonly hostname?: string };

/**
 * What is to be set in a configuration so that a machine always gets an address: in its entry of hosts if it has one by its
 * MAC, else in a new one. Throws ControlError.
 */
export function reservationIn(text: string, macText: string, wish: Wish): { [place: string]: Json } {
  const mac = parseMac(macText);
  if (mac === undefined) throw new ControlError(400, 'bad-mac', `${macText} is no MAC address`);
  const { address, hostname } = wish;
  const index = indexOfHost(text, mac);
  const named = hostname !== undefined;
  if (index === undefined) return { 'hosts[+]': { mac, address, ...(named && { hostname }) } };
  return {
    [`hosts[${index}].address`]: address,
    ...(named && { [`hosts[${index}].hostname`]: hostname }),
  };
}

/** The entry that is about this machine by its MAC. */
function indexOfHost(text: string, mac: Mac): number | undefined {
  const data = dataOf(text);
  const hosts = isMap(data) ? data.hosts : undefined;
  if (!isList(hosts)) return undefined;
  const isMeant = (host: Json) => isMap(host) && typeof host.mac === 'string' && parseMac(host.mac) === mac;
  const index = hosts.findIndex(isMeant);
  return index < 0 ? undefined : index;
}
