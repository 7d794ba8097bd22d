import type { TftpEvent } from '../events/event.ts';

/**
 * Follows boot loaders that look for their own configuration: PXELINUX asks for `pxelinux.cfg/` and its UUID, its MAC,
 * its address in hex, that cut by one digit after another, and `default`; GRUB for `grub.cfg-` with the same; and all
 * but one of those are not found. One `tftp.config` event per search tells the names in the order asked and the winner,
 * or, when its last name was not there either, that there is none.
 */
export type ConfigSearch = {
  /** A request for `path` (of the tree) was answered. Gives the event that ends a search. */
  lookup(client: { peer: string; port: number }, path: string, served: Served): ConfigFound | undefined;
};

/** With a file of the tree; with one made from a profile, and why that one; or not at all. */
export type Served = boolean | { readonly rendered: string; readonly reason: string };

export type ConfigFound = Extract<TftpEvent, { type: 'tftp.config' }>;

/** Clients followed at once; the one quiet for longest is forgotten first. */
const CLIENTS_MAX = 4096;

/** GRUB asks for 11 names, PXELINUX for 12; a search in several folders for more. */
const NAMES_MAX = 64;

/** Keyed by address, not port: each lookup comes from a port of its own. */
export function createConfigSearch(): ConfigSearch {
  const searches = new Map<string, string[]>();
  return {
    lookup({ peer, port }, path, served) {
      const made = typeof served === 'object' ? served : undefined;
      if (!isConfigName(path) && !made) return undefined;
      let tried = searches.get(peer) ?? [];
      searches.delete(peer);
      if (tried.slice(0, -1).includes(path)) tried = []; // from the start again: the search before found nothing
      if (tried.length < NAMES_MAX && tried.at(-1) !== path) tried.push(path);
      if (served) return { type: 'tftp.config', peer, port, winner: path, ...made, tried };
      if (isLastName(path)) return { type: 'tftp.config', peer, port, tried };
      searches.set(peer, tried);
      if (searches.size > CLIENTS_MAX) searches.delete(searches.keys().next().value!);
      return undefined;
    },
  };
}

/** The name that ends a search: nothing is asked for after it. */
function isLastName(path: string): boolean {
  return /(^|\/)(pxelinux\.cfg\/default|grub\.cfg)$/i.test(path);
}

/** A name out of a loader's search: what its folder and its form say, whatever the folder before. */
export function isConfigName(path: string): boolean {
  return /(^|\/)(pxelinux\.cfg\/[^/]+|grub\.cfg(-[0-9a-f:-]+)?)$/i.test(path);
}
