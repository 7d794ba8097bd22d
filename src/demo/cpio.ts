/** What goes into an initial RAM disk. `mode` holds type and permissions as in stat(2): 0o100755, 0o040755, 0o020600. */
export type CpioEntry = {
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  /** Major and minor number of a device node. */
  readonly device?: readonly [number, number];
};

const TRAILER: CpioEntry = { path: 'TRAILER!!!', mode: 0 };

/**
 * An archive in cpio's "newc" format, as Linux unpacks it into its first root file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Folders must come before what is in them.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const parts = [...entries, TRAILER].flatMap(record);
  return Buffer.concat(parts);
}

function record(entry: CpioEntry, index: number): Uint8Array[] {
  const name = Buffer.from(`${entry.path}\0`);
  const content = entry.content ?? new Uint8Array(0);
  const [major, minor] = entry.device ?? [0, 0];
  const fields = [
    index + 1, // inode: distinct, or the kernel would take two files for hard links
    entry.mode,
    0, // uid
    0, // gid
    1, // links
    0, // mtime
    content.length,
    0, // major and minor of the file system it came from
    0,
    major,
    minor,
    name.length,
    0, // check, always 0 in newc
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [
    padded(Buffer.concat([Buffer.from(header), name])), // header and name together end on a multiple of 4
    padded(content),
  ];
}

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
