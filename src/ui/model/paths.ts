/** `pxelinux.cfg/default` for a folder and a name. */
export function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** `default` */
export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder that it stands in; `''` is the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The folders on the way there, the root left out. */
export function trailOf(folder: string): readonly { readonly name: string; readonly path: string }[] {
  const names = folder.split('/').filter((name) => name !== '');
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join('/') }));
}

/** For the path of a URL: slashes stay. */
export function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** What a name of a file must not be; undefined when it is good. Who serves checks again. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'A name is needed';
  if (name.startsWith('/') || name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'Names are separated by single slashes, and are neither . nor ..';
  }
  return undefined;
}
