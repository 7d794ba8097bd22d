import type { BootEvent } from '../../events/event.ts';

/** A file that a client has wholly. */
export type Delivery = {
  /** The client's address. */
  readonly peer: string;
  /** The file under every name it is known by: as asked for, and as the tree has it. */
  readonly names: readonly string[];
};

/** What an event says of a delivery; undefined for all others: failures, uploads, parts of files. */
export function deliveryOf(event: BootEvent): Delivery | undefined {
  switch (event.type) {
    case 'tftp.done':
      return event.write ? undefined : { peer: event.peer, names: namesOf(event) };
    case 'http.done':
      return event.whole ? { peer: event.peer, names: namesOf(event) } : undefined;
    default:
      return undefined;
  }
}

function namesOf({ file, path }: { readonly file: string; readonly path?: string }): readonly string[] {
  return path === undefined ? [file] : [path, file];
}
