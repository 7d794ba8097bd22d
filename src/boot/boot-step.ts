import { baseOf, configLanguage } from './tree.ts';
import { LOADER_NAME } from './tree-rules-table.ts';

/** What a file is to a boot, as far as its name tells: loaders run it, are configured by it, or load it for later. */
export type FileRole = 'loader' | 'companion' | 'config' | 'payload';

const COMPANION = /\.(c32|e32|e64|mod|lst|pf2|mo|gmo|png|jpe?g|tga|msg|txt|cfg|conf|env|dtbo?|sig)$/;
const CONFIG = /^(extlinux\.conf|boot\.scr(\.uimg)?|autoexec\.ipxe)$/;

/**
 * The part of a file in a boot. `companion`: modules, menus' pictures and fonts, further configurations. `payload`: a kernel,
 * an initrd, an image: what all the rest was for.
 */
export function roleOf(path: string): FileRole {
  const base = baseOf(path.replaceAll('\\', '/'));
  if (configLanguage(path) !== undefined || CONFIG.test(base)) return 'config';
  if (/^ldlinux\./.test(base)) return 'companion';
  if (LOADER_NAME.test(base)) return 'loader';
  return COMPANION.test(base) ? 'companion' : 'payload';
}
