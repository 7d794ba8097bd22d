import { archCode } from '../boot/arch-table.ts';
import type { BootMenu } from '../boot/settings.ts';
import type { MenuConfig } from '../config/menu-schema.ts';

/** Vendors' own boot server types begin here (PXE 2.1 Table 2-4). */
const FIRST_TYPE = 0x8000;

/** The menu with a type for each line of ours; names of architectures were checked when the configuration was loaded. */
export function bootMenuOf({ prompt, timeout, entries }: MenuConfig): BootMenu {
  const taken = new Set(entries.map(({ type }) => type));
  let next = FIRST_TYPE;
  const freeType = (): number => {
    while (taken.has(next)) next++;
    return next++;
  };
  return {
    prompt,
    timeoutSeconds: timeout,
    entries: entries.map(({ text, filename, local, server, type, arch }) => ({
      text,
      type: local ? 0 : (type ?? freeType()),
      ...(server && { servers: server }),
      ...(filename !== undefined && { file: filename }),
      ...(arch && { archs: arch.map((name) => archCode(String(name)) ?? Number(name)) }),
    })),
  };
}
