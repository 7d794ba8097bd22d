import { closeSync, readSync } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import { EFI_HEAD_BYTES, readEfiImage } from '../boot/efi-image.ts';
import { folderOf } from '../boot/lookups.ts';
import { contains, parseIpv4, subnetOf } from '../lib/ipv4.ts';
import { nearNames } from '../lib/near.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import type { BootTree } from '../store/boot-file.ts';
import { type BootTreeOptions, createBootTree } from '../store/boot-tree.ts';
import type { Boot } from '../timeline/boot.ts';
import type { Facts, FileFacts } from '../timeline/explanation.ts';
import { pathsToLookAt } from '../timeline/paths.ts';

export type WhyFactsParts = {
  /** The boot root; absent where no files are served. */
  readonly root?: string | undefined;
  readonly tree: BootTreeOptions;
  readonly links: readonly Pick<InterfaceFacts, 'mtu' | 'addresses'>[];
  readonly servers: NonNullable<Facts['servers']>;
  /** Whom pxed runs as. */
  readonly user: string;
  /** Who holds a UDP port of this machine, unless that is this very process. */
  readonly ownerOf: (port: number) => string | undefined;
};

/** Names of one folder that are looked through for one that was meant. */
const SIBLINGS_MOST = 500;

/** Ports that a machine is sent to. */
const PORTS = [69, 4011];

/** Looks at what may explain this boot: a few files of the tree, ports and interfaces. Never rejects. */
export async function gatherWhyFacts(
  boot: Boot,
  ip: string | undefined,
  parts: WhyFactsParts,
): Promise<Facts> {
  const files =
    parts.root === undefined ? new Map<string, FileFacts>() : await filesOf(boot, parts.root, parts.tree);
  const owners = PORTS.flatMap((port) => {
    const owner = parts.ownerOf(port);
    return owner === undefined ? [] : [{ port, owner }];
  });
  const mtu = mtuTowards(ip, parts.links);
  return {
    file: (path) => files.get(path.replace(/^\/+/, '')),
    servers: parts.servers,
    user: parts.user,
    ...(owners.length > 0 && { owners }),
    ...(mtu !== undefined && { mtu }),
  };
}

async function filesOf(boot: Boot, root: string, options: BootTreeOptions): Promise<Map<string, FileFacts>> {
  const { paths, loaders } = pathsToLookAt(boot);
  const found = new Map<string, FileFacts>();
  let tree: BootTree;
  try {
    tree = createBootTree(root, options);
  } catch {
    return found; // the root is gone
  }
  try {
    for (const path of paths)
      found.set(path, await lookAt(path, { tree, root, isLoader: loaders.has(path) }));
  } finally {
    tree.close();
  }
  return found;
}

type Look = { readonly tree: BootTree; readonly root: string; readonly isLoader: boolean };

async function lookAt(path: string, { tree, root, isLoader }: Look): Promise<FileFacts> {
  const opened = tree.open(path);
  if (opened.ok) {
    const { fd, sizeBytes } = opened.value;
    try {
      return { exists: true, sizeBytes, ...(isLoader && imageOf(fd, path)) };
    } finally {
      closeSync(fd);
    }
  }
  if (opened.reason === 'access') return { exists: true, unreadable: true };
  const link = await linkOf(path, root, opened.detail);
  const near = link ? undefined : await nearOf(path, root);
  return { exists: false, ...(link && { link }), ...(near !== undefined && { near }) };
}

/** What kind of program it is: for UEFI, and for which processor. */
function imageOf(fd: number, path: string): Pick<FileFacts, 'cpu' | 'image'> {
  const head = new Uint8Array(EFI_HEAD_BYTES);
  try {
    const length = readSync(fd, head, 0, head.length, 0);
    const image = readEfiImage(head.subarray(0, length));
    if (image.ok) return { image: 'efi', cpu: image.value.cpu };
    // A header past what was read tells nothing.
    return image.reason === 'truncated' && length === head.length && /\.efi/i.test(path)
      ? {}
      : { image: 'not-efi' };
  } catch {
    return {};
  }
}

async function linkOf(path: string, root: string, detail: string): Promise<FileFacts['link']> {
  const place = octets(`${root}/`, path);
  try {
    if (!(await lstat(place)).isSymbolicLink()) return undefined;
    const target = await readlink(place, 'latin1');
    return { target, why: detail === 'outside the root' ? 'outside' : 'dangling' };
  } catch {
    return undefined;
  }
}

async function nearOf(path: string, root: string): Promise<string | undefined> {
  const folder = folderOf(path);
  const names: string[] = [];
  try {
    for await (const entry of await opendir(octets(`${root}/`, folder), { encoding: 'latin1' })) {
      if (names.length >= SIBLINGS_MOST) break;
      if (!entry.isDirectory()) names.push(entry.name);
    }
  } catch {
    return undefined;
  }
  const [near] = nearNames(path.slice(folder.length), names, 1);
  return near === undefined ? undefined : folder + near;
}

/** Paths of the tree are latin1 text of their octets. */
function octets(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(root), Buffer.from(path, 'latin1')]);
}

function mtuTowards(ip: string | undefined, links: WhyFactsParts['links']): number | undefined {
  const address = ip === undefined ? undefined : parseIpv4(ip);
  if (address === undefined) return undefined;
  return links.find(({ addresses }) =>
    addresses.some((own) => contains(subnetOf(own.address, own.prefixLength), address)),
  )?.mtu;
}
