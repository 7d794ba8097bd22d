/** Where in the console somebody is: what stands behind `#` in the address, so that pages can be linked and gone back to. */
export type Place =
  | { readonly view: 'machines' | 'profiles' | 'leases' | 'config' | 'traffic' | 'services' }
  | { readonly view: 'machine'; readonly id: string }
  | { readonly view: 'files'; readonly folder: string }
  | { readonly view: 'log'; readonly machine?: string };

export type View = Place['view'];

const PLAIN = ['machines', 'profiles', 'leases', 'config', 'traffic', 'services'] as const;

/** `#/machines/52:54:00:12:34:56`, `#/files/pxelinux.cfg`; the machines for anything that is no place. */
export function placeOf(hash: string): Place {
  const [view = '', ...rest] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decoded);
  const inside = rest.filter((part) => part !== '');
  const [first] = inside;
  if (view === 'machines' && first !== undefined) return { view: 'machine', id: first };
  if (view === 'files') return { view, folder: inside.join('/') };
  if (view === 'log') return first === undefined ? { view } : { view, machine: first };
  const plain = PLAIN.find((one) => one === view);
  return { view: plain ?? 'machines' };
}

/** The address that leads there. */
export function hashOf(place: Place): string {
  switch (place.view) {
    case 'machine':
      return `#/machines/${encodeURIComponent(place.id)}`;
    case 'files':
      return `#/files${place.folder === '' ? '' : `/${place.folder.split('/').map(encodeURIComponent).join('/')}`}`;
    case 'log':
      return place.machine === undefined ? '#/log' : `#/log/${encodeURIComponent(place.machine)}`;
    default:
      return `#/${place.view}`;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
