import type { FileExists } from '../boot/settings.ts';
import type { Config } from '../config/schema.ts';
import type { BootEvent } from '../events/event.ts';
import type { Setup } from './setup.ts';

type Named = Pick<Setup, 'config' | 'overrides'>;

/** One warning for all {@link missingFiles}. */
export function fileWarnings(setup: Named, exists: FileExists): BootEvent[] {
  const missing = missingFiles(setup, exists);
  if (missing === undefined) return [];
  const detail = `not in the root, but named in the configuration: ${missing}`;
  return [{ type: 'service.warning', service: 'dhcp', problem: 'missing-files', detail }];
}

/**
 * Boot files that the configuration names and that are not in the root: the machine would be told of them all the same, and
 * stop. As a list with where each is named, or undefined. Where somebody else's TFTP server is named, the files may be there.
 */
export function missingFiles({ config, overrides }: Named, exists: FileExists): string | undefined {
  if (overrides.nextServer !== undefined || circlesOf(config).some(hasServer)) return undefined;
  const missing = namedFiles(config).filter(({ file }) => isOurs(file) && !exists(file));
  if (missing.length === 0) return undefined;
  const list = missing.slice(0, MOST).map(({ file, path }) => `${file} (${path})`);
  return `${list.join(', ')}${missing.length > MOST ? ` and ${missing.length - MOST} more` : ''}`;
}

/** Named in one line of the log. */
const MOST = 10;

type NamedFile = { readonly file: string; readonly path: string };

function namedFiles({ boot, networks, hosts, rules, profiles }: Config): NamedFile[] {
  const all = [
    ...Object.entries(boot.arch).map(([name, file]) => ({ file, path: `boot.arch.${name}` })),
    { file: boot.ipxe, path: 'boot.ipxe' },
    ...(boot.menu?.entries ?? []).map(({ filename }, i) => ({
      file: filename,
      path: `boot.menu.entries[${i}]`,
    })),
    ...networks.map(({ filename }, i) => ({ file: filename, path: `networks[${i}]` })),
    ...hosts.map(({ filename }, i) => ({ file: filename, path: `hosts[${i}]` })),
    ...rules.map(({ then }, i) => ({ file: then.filename, path: `rules[${i}]` })),
    ...Object.entries(profiles).flatMap(([name, { kernel, initrd = [], loader }]) =>
      [kernel, ...initrd, loader].map((file) => ({ file, path: `profiles.${name}` })),
    ),
  ];
  return all.flatMap(({ file, path }) => (file === undefined ? [] : [{ file, path }]));
}

/** No URL, and nothing with a placeholder. */
function isOurs(file: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(file) && !file.includes('${');
}

function circlesOf({ networks, hosts, rules }: Config) {
  return [...networks, ...hosts, ...rules.map(({ then }) => then)];
}

function hasServer(terms: { readonly 'next-server'?: 'auto' | number | undefined }): boolean {
  return typeof terms['next-server'] === 'number';
}
