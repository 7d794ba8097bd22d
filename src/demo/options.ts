import { parseArgs } from 'node:util';

export type DemoOptions = {
  /** Install the packages that make the demo real, then run it. */
  readonly install: boolean;
  /** `client`: the built-in machine; `qemu`: a real one or failure; undefined: real when possible. */
  readonly machine: 'client' | 'qemu' | undefined;
  /** Leave the boot files for a look. */
  readonly keep: boolean;
  readonly help: boolean;
};

export const USAGE = `Usage: npm run demo -- [options]

Boots a machine from pxed in a private network: no server, no cable and, with user
namespaces, no root needed. With QEMU, PXELINUX and a kernel it is a real machine,
without them a small built-in one that walks the same way.

  --install   install the packages that make it a real machine first (apt-get, dnf)
  --client    use the built-in machine
  --qemu      use QEMU or fail
  --keep      leave the boot files and say where they are
  --help      show this`;

/** Reads the arguments; a string says what is wrong with them. */
export function parseDemoOptions(argv: readonly string[]): DemoOptions | string {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        install: flag,
        client: flag,
        qemu: flag,
        keep: flag,
        help: { ...flag, short: 'h' },
      },
    });
    const { install, keep, help, client, qemu } = values;
    if (client && qemu) return 'Cannot use --client and --qemu together';
    return { install, keep, help, machine: client ? 'client' : qemu ? 'qemu' : undefined };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
