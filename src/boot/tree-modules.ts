/** SYSLINUX's modules have the same names for every firmware: those of one are no use to the loader of another. */
import { readEfiImage } from './efi-image.ts';
import { folderOf } from './lookups.ts';
import { baseOf, type TreeFacts, type TreeFile, type TreeFinding } from './tree.ts';

/** Octets of a module that tell what it is for. */
export const MODULE_HEAD_BYTES = 20;

/** ELF's `e_machine`. Modules for 32-bit UEFI cannot be told from those for BIOS. */
const MACHINES: Readonly<Record<number, 'x86' | 'x64'>> = { 3: 'x86', 62: 'x64' };

/** One note for a loader and all modules in its folder that it cannot run. */
export function moduleFindings({ files }: TreeFacts): TreeFinding[] {
  const modules = files.filter(({ path }) => /\.c32$/i.test(path) && baseOf(path) !== 'ldlinux.c32');
  return files.flatMap((loader) => {
    const cpu = cpuOf(loader);
    if (cpu === undefined) return [];
    const foreign = modules.filter((module) => {
      const own = moduleCpu(module);
      return folderOf(module.path) === folderOf(loader.path) && own !== undefined && own !== cpu;
    });
    const [first, ...more] = foreign;
    if (first === undefined) return [];
    const others = more.length > 0 ? ` and ${more.length} more` : '';
    const detail = `cannot run ${first.path}${others}, built for ${cpu === 'x64' ? 'BIOS or 32-bit UEFI' : '64-bit UEFI'}`;
    const fix = 'give each loader a folder of its own with its own modules (pxectl loaders install does)';
    return [{ severity: 'note', problem: 'wrong-module', path: loader.path, detail, fix }];
  });
}

/** What modules a loader runs; undefined for other files. */
function cpuOf({ path, head }: TreeFile): 'x86' | 'x64' | undefined {
  const base = baseOf(path);
  if (/^[gl]?pxelinux\.0$/.test(base)) return 'x86';
  if (!head || !/^syslinux[^/]*\.efi$/.test(base)) return undefined;
  const image = readEfiImage(head);
  return image.ok && (image.value.cpu === 'x64' || image.value.cpu === 'x86') ? image.value.cpu : undefined;
}

function moduleCpu({ head }: TreeFile): 'x86' | 'x64' | undefined {
  if (!head || head.length < MODULE_HEAD_BYTES || head[0] !== 0x7f || head[1] !== 0x45) return undefined;
  return MACHINES[head[18]! | (head[19]! << 8)];
}
