import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { nearNames } from '../lib/near.ts';
import { StartProblem } from './start-problem.ts';

/** The folder to serve, as an absolute path. Throws {@link StartProblem} when it cannot be served. */
export function checkRoot(root: string): string {
  const path = resolve(root);
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (error) {
    throw unusableRoot(path, error);
  }
  if (!stats.isDirectory()) {
    throw new StartProblem(
      `Cannot serve ${path}: it is not a folder`,
      'Name the folder that holds the boot files',
    );
  }
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw unusableRoot(path, error);
  }
  return path;
}

function unusableRoot(path: string, cause: unknown): StartProblem {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  if (code === 'ENOENT') {
    const near = nearNames(basename(path), listing(dirname(path)));
    const hint =
      near.length > 0 ? `Did you mean ${near.map((name) => join(dirname(path), name)).join(' or ')}?` : '';
    return new StartProblem(`Cannot serve ${path}: no such folder`, hint || `Make it: mkdir -p ${path}`, {
      cause,
    });
  }
  const fix = code === 'EACCES' ? `Let everybody read it: chmod a+rx ${path}` : 'See the error above';
  return new StartProblem(`Cannot serve ${path}: ${code}`, fix, { cause });
}

/** Throws {@link StartProblem}, with the names that come near, when the boot file is not in the root. */
export function checkBootFile(root: string, file: string): void {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) return;
  const path = join(root, file);
  try {
    if (statSync(path).isFile()) return;
  } catch {
    // Said below.
  }
  const near = nearNames(basename(file), listing(dirname(path)));
  const folder = dirname(file) === '.' ? '' : `${dirname(file)}/`;
  const hint = near.map((name) => `${folder}${name}`).join(' or ');
  throw new StartProblem(
    `Cannot boot from ${file}: there is no such file in ${root}`,
    hint ? `Did you mean ${hint}?` : `Copy it there${packageOf(basename(file))}`,
  );
}

/** Where the usual loaders come from. */
function packageOf(name: string): string {
  const packages: Record<string, string> = {
    'pxelinux.0':
      'Debian: package pxelinux, /usr/lib/PXELINUX/pxelinux.0; Fedora: syslinux, /usr/share/syslinux',
    'lpxelinux.0':
      'Debian: package pxelinux, /usr/lib/PXELINUX/lpxelinux.0; Fedora: syslinux, /usr/share/syslinux',
    'undionly.kpxe': 'Debian: package ipxe, /usr/lib/ipxe/undionly.kpxe; Fedora: ipxe-bootimgs-x86',
  };
  return packages[name] ? ` (${packages[name]})` : '';
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
