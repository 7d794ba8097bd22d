/** Rules about the programs in a boot tree: companions, processors, scripts. */
import { latin1Decode } from '../lib/bytes.ts';
import { ARCHS, type Arch, archOf, type Cpu } from './arch-table.ts';
import type { BootClient } from './client.ts';
import { readEfiImage } from './efi-image.ts';
import { UEFI_LOADERS } from './loaders-table.ts';
import { folderOf } from './lookups.ts';
import { decideBoot, findScript, isIpxeBinary, isUrl } from './policy.ts';
import type { BootSettings, FileExists } from './settings.ts';
import { baseOf, configLanguage, type TreeFacts, type TreeFile, type TreeFinding } from './tree.ts';
import { COMPANIONS, type Companion, LOADER_NAME, SECOND_STAGES } from './tree-rules-table.ts';

export type TreeContext = {
  /** As TFTP would find it. */
  readonly exists: FileExists;
  /** Which machine gets which file. */
  readonly settings: BootSettings;
  /** Files that rules have for machines of an architecture (code of option 93). */
  readonly ruled?: readonly { readonly arch: number; readonly file: string }[];
  /** Configurations are made on demand: loaders need none in the tree. */
  readonly rendered: boolean;
};

export function loaderFindings(facts: TreeFacts, context: TreeContext): TreeFinding[] {
  const loaders = facts.files.filter(({ path }) => LOADER_NAME.test(baseOf(path)));
  return [
    ...loaders.filter(({ size }) => size === 0).map(emptyLoader),
    ...loaders.flatMap((loader) => companionFindings(loader, context)),
    ...loaders.flatMap(imageFindings),
    ...processorFindings(facts, context),
    ...scriptFindings(loaders, context),
    ...loaders.flatMap((loader) => configFindings(loader, facts, context)),
  ];
}

function emptyLoader({ path }: TreeFile): TreeFinding {
  const detail = 'is empty: a machine that gets it stops without a word';
  return { severity: 'problem', problem: 'empty-loader', path, detail, fix: 'copy it again' };
}

function companionFindings(loader: TreeFile, { exists }: TreeContext): TreeFinding[] {
  const base = baseOf(loader.path);
  const shim = loader.shim ? COMPANIONS.filter(({ needs }) => needs === SECOND_STAGES) : [];
  const rules = new Set([...COMPANIONS.filter((rule) => rule.loader.test(base)), ...shim]);
  return [...rules].flatMap((rule) => {
    const needed = neededBy(rule, loader);
    if (needed === undefined || isOld(rule, loader)) return [];
    const folders = [folderOf(loader.path), ...(rule.also ?? [])];
    if (folders.some((folder) => exists(folder + needed))) return [];
    const detail = `needs ${folderOf(loader.path)}${needed}, which is not there: ${rule.otherwise}`;
    return [{ severity: 'problem', problem: 'missing-companion', path: loader.path, detail, fix: rule.fix }];
  });
}

function neededBy({ needs }: Companion, { head }: TreeFile): string | undefined {
  if (typeof needs === 'string') return needs;
  const image = head && readEfiImage(head);
  return image?.ok ? needs[image.value.cpu] : undefined;
}

/** `PXELINUX 4.05` near the beginning; one that does not say is taken for a new one. */
function isOld({ since }: Companion, { head }: TreeFile): boolean {
  const version = head && /LINUX (\d+)\.\d/.exec(latin1Decode(head))?.[1];
  return since !== undefined && version !== undefined && Number(version) < since;
}

/** `.efi` that is none: a web page that was saved, a program of another system. */
function imageFindings({ path, head, size }: TreeFile): TreeFinding[] {
  if (!head || size === 0 || !/\.efi(\.signed)?$/i.test(path) || readEfiImage(head).ok) return [];
  const detail = 'is no EFI program, whatever its name says';
  return [{ severity: 'problem', problem: 'not-efi', path, detail, fix: 'copy or download it again' }];
}

/** Each architecture, and the file it would be given: is that a program for it? */
function processorFindings(facts: TreeFacts, context: TreeContext): TreeFinding[] {
  const heads = new Map(facts.files.map(({ path, head }) => [path.toLowerCase(), head]));
  const given = [
    ...ARCHS.map((arch) => ({ arch, file: fileOf(arch, context) })),
    ...(context.ruled ?? []).map(({ arch, file }) => ({ arch: archOf(arch), file })),
  ];
  const found = new Map<string, TreeFinding>();
  for (const { arch, file } of given) {
    if (file === undefined || isUrl(file)) continue;
    const path = file.replace(/^\/+/, '');
    const head = heads.get(path.toLowerCase());
    const image = head && readEfiImage(head);
    if (!image?.ok || image.value.machine === BYTE_CODE) continue;
    if (arch.firmware === 'efi' && image.value.cpu === arch.cpu) continue;
    const detail = `is an EFI program for ${cpuName(image.value)}, and ${nameOf(arch)} machines are given it`;
    const fix = `give them one of their own: boot.arch.${arch.name}, or a file of their loaders' names`;
    found.set(`${path} ${detail}`, { severity: 'problem', problem: 'wrong-cpu', path, detail, fix });
  }
  return [...found.values()];
}

/** EBC runs on every UEFI (UEFI 2.10 §22). */
const BYTE_CODE = 0x0ebc;

/** What is configured for it, else what is found for it by name. What everybody is given is not meant for it above all. */
function fileOf(arch: Arch, { settings, exists, rendered }: TreeContext): string | undefined {
  if (arch.http || arch.firmware === 'bios') return settings.archFiles.get(arch.code);
  if (arch.firmware !== 'efi') return undefined;
  const client: BootClient = { kind: 'pxe', stage: 'rom', netboot: true, archs: [arch] };
  const byName = { ...settings, bootFile: folderOf(isUrl(settings.bootFile) ? '' : settings.bootFile) };
  return decideBoot(client, { settings: byName, exists, ...(rendered && { profile: 'any' }) }).file;
}

const CPU_NAMES: Readonly<Partial<Record<Cpu, string>>> = {
  x86: '32-bit x86',
  x64: 'x86-64',
  arm: '32-bit ARM',
  aa64: '64-bit ARM',
};

function cpuName({ cpu, machine }: { readonly cpu: Cpu; readonly machine: number }): string {
  return cpu === 'other' ? `processors of PE type 0x${machine.toString(16)}` : (CPU_NAMES[cpu] ?? cpu);
}

function nameOf({ firmware, cpu, name }: Arch): string {
  return firmware === 'bios' ? 'BIOS' : `UEFI ${CPU_NAMES[cpu] ?? name}`;
}

/** iPXE, and nothing for it to run. */
function scriptFindings(loaders: readonly TreeFile[], context: TreeContext): TreeFinding[] {
  const { settings, exists, rendered } = context;
  if (rendered || settings.ipxeFile !== undefined || findScript(exists) !== undefined) return [];
  const binaries = loaders.map(({ path }) => path).filter(isIpxeBinary);
  const [path, ...others] = binaries;
  if (path === undefined) return [];
  const given = [settings.bootFile, ...settings.archFiles.values()];
  const severity = binaries.some((binary) => given.includes(binary)) ? 'problem' : 'note';
  const more = others.length > 0 ? ` (so are ${others.join(', ')})` : '';
  const detail = `is iPXE${more}, and there is no script for it: it asks for its file again and again`;
  const fix = 'put boot.ipxe into the root, or name a script as boot.ipxe of the configuration';
  return [{ severity, problem: 'no-script', path, detail, fix }];
}

/** A loader that will find no configuration. */
function configFindings(loader: TreeFile, facts: TreeFacts, context: TreeContext): TreeFinding[] {
  const { settings, exists, rendered } = context;
  const folder = folderOf(loader.path);
  const wanted = configsOf(baseOf(loader.path), folder);
  if (rendered || wanted === undefined || wanted.some((path) => exists(path))) return [];
  const near = wanted.map((path) => folderOf(path).toLowerCase());
  const isFound = facts.files.some(
    ({ path }) => configLanguage(path) !== undefined && near.includes(folderOf(path).toLowerCase()),
  );
  if (isFound || !facts.complete) return [];
  const severity = settings.bootFile === loader.path ? 'problem' : 'note';
  const detail = `will find no configuration: there is no ${wanted.join(' and no ')}`;
  const fix = 'write one, or profiles in the configuration of pxed';
  return [{ severity, problem: 'no-config', path: loader.path, detail, fix }];
}

const GRUB_NAMES = new Set(
  Object.values(UEFI_LOADERS).flatMap((list) =>
    list.map(({ name }) => name).filter((name) => name.startsWith('grub')),
  ),
);

function configsOf(base: string, folder: string): string[] | undefined {
  if (/^([gl]?pxelinux\.0|syslinux[^/]*\.efi)$/.test(base)) return [`${folder}pxelinux.cfg/default`];
  return GRUB_NAMES.has(base) ? [...new Set([`${folder}grub.cfg`, 'grub/grub.cfg'])] : undefined;
}
