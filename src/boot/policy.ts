import { type Arch, sameArchs } from './arch-table.ts';
import type { BootClient } from './client.ts';
import { BIOS_LOADERS, IPXE_SCRIPTS, LOADER_FOLDERS, type Loader, UEFI_LOADERS } from './loaders-table.ts';
import { folderOf } from './lookups.ts';
import type { BootDecision, BootSettings, FileExists } from './settings.ts';

/** What the policy may look at besides the client. */
export type PolicyContext = {
  readonly settings: BootSettings;
  /** Absent when the boot root is another machine's: then no file is looked for. */
  readonly exists?: FileExists;
  /** The machine's own boot file (reservation), before any rule. */
  readonly machineFile?: string;
  /** The file of a rule of the configuration, and which one. */
  readonly ruleFile?: { readonly file: string; readonly rule: number };
  /** The machine's profile, by name: its loader's configuration is rendered, iPXE's script too. */
  readonly profile?: string;
};

const IPXE_BINARY =
  /(^|\/)([^/?#]*ipxe[^/?#]*|undionly|snponly[^/?#]*|snp|undi)\.(k*pxe|efi|lkrn)([?#].*)?$/i;

/** Is this file iPXE itself? iPXE must not be sent there again: it would load itself for ever. */
export function isIpxeBinary(path: string): boolean {
  return IPXE_BINARY.test(path);
}

/** Is this a URL rather than a path of the boot root? */
export function isUrl(file: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(file);
}

/**
 * Decides which file boots a client. Rules, the first that has an answer wins:
 *
 * 1. the machine's own file; then that of the rule that matches it; though never iPXE for iPXE, nor a path for HTTP clients;
 * 2. iPXE: the configured script, else the first of {@link IPXE_SCRIPTS} in the root, else, for a machine with a profile,
 *    the one that is rendered; from here on it never gets an iPXE binary;
 * 3. the file configured for its architecture (7 and 9 alike);
 * 4. HTTP clients: the file that 6 or 7 has for their processor, below `httpUrl`; nothing where that is not set, for
 *    they cannot use a path. Files of the rules before are put below it, too;
 * 5. U-Boot and BOOTP: the file they ask for by name, when it exists in the root;
 * 6. UEFI: the named boot file when it is an EFI program and not by its name for another processor, else the first
 *    loader in the root for this one ({@link UEFI_LOADERS}), looked for beside the boot file, then in
 *    {@link LOADER_FOLDERS};
 * 7. everybody else: the named boot file.
 *
 * `trace` says what each rule found, `reason` is the line that decided.
 */
export function decideBoot(client: BootClient, context: PolicyContext): BootDecision {
  const trace: string[] = [];
  for (const rule of [ownFile, ruledFile, ipxeScript, archFile, httpFile, askedFile, uefiLoader, bootFile]) {
    const outcome = rule(client, context);
    if (outcome === undefined) continue;
    trace.push(outcome.note);
    if (outcome.file !== undefined) return { file: outcome.file, reason: outcome.note, trace };
    if (outcome.stop) break;
  }
  return { reason: trace.at(-1) ?? 'no rule has a file for this client', trace };
}

/** What a rule found: a file, a remark, or (undefined) nothing to say. `stop`: no later rule may answer. */
type Outcome = { readonly note: string; readonly file?: string; readonly stop?: boolean } | undefined;

function ownFile(client: BootClient, { machineFile, settings }: PolicyContext): Outcome {
  if (machineFile === undefined) return undefined;
  if (client.kind !== 'http') return forClient(client, machineFile, 'the machine’s own file');
  const url = urlOf(machineFile, settings);
  if (url === undefined) return { note: 'the machine’s own file is no URL, and it boots by HTTP only' };
  return { file: url, note: 'the machine’s own file' };
}

function ruledFile(client: BootClient, { ruleFile, settings }: PolicyContext): Outcome {
  if (!ruleFile) return undefined;
  const { file, rule } = ruleFile;
  const named = client.kind === 'http' ? urlOf(file, settings) : file;
  if (named === undefined) return { note: `rules[${rule}]: ${file} is no URL, and it boots by HTTP only` };
  return forClient(client, named, `rules[${rule}]: its file`);
}

function ipxeScript(client: BootClient, context: PolicyContext): Outcome {
  if (client.stage !== 'ipxe') return undefined;
  const { settings, exists, profile } = context;
  const configured = settings.ipxeFile;
  if (configured !== undefined && isIpxeBinary(configured)) {
    return { note: `iPXE: ${configured} is iPXE itself, passed over (it would load itself for ever)` };
  }
  if (configured !== undefined && /^https?:/i.test(configured) && client.ipxeHttp === false) {
    const script = findScript(exists) ?? renderedScript(context);
    const note = `iPXE without HTTP: ${script ?? 'no script in the root'} instead of ${configured}`;
    return script === undefined ? { note } : { file: script, note };
  }
  if (configured !== undefined) return { file: configured, note: 'iPXE: the configured script' };
  const script = findScript(exists);
  if (script !== undefined) return { file: script, note: `iPXE: ${script} is in the root` };
  const rendered = renderedScript(context);
  if (rendered !== undefined) {
    return { file: rendered, note: `iPXE: ${rendered}, rendered for profile ${profile}` };
  }
  return { note: `iPXE: no script in the root (${IPXE_SCRIPTS.join(', ')})` };
}

/** The script in the root that iPXE is sent to when none is configured. */
export function findScript(exists: FileExists | undefined): string | undefined {
  return exists && IPXE_SCRIPTS.find((path) => exists(path));
}

/** The script that is made for a machine with a profile; only where the root is ours can it be served. */
function renderedScript({ profile, exists }: PolicyContext): string | undefined {
  return profile !== undefined && exists ? IPXE_SCRIPTS[0] : undefined;
}

function archFile(client: BootClient, { settings }: PolicyContext): Outcome {
  // RFC 4578 §2.1: the list is in order of the client's preference.
  for (const { code, name, http } of client.archs) {
    for (const same of sameArchs(code)) {
      const file = settings.archFiles.get(same);
      if (file === undefined) continue;
      const named = http ? urlOf(file, settings) : file;
      if (named === undefined) return { note: `${name}: ${file} is no URL, and it boots by HTTP only` };
      return forClient(client, named, `${name}: the file configured for it`);
    }
  }
  return undefined;
}

function httpFile(client: BootClient, context: PolicyContext): Outcome {
  if (client.kind !== 'http') return undefined;
  if (context.settings.httpUrl === undefined) {
    return { note: `${nameOf(client)}: boots by HTTP, and no URL is configured for it`, stop: true };
  }
  const found = uefiLoader(client, context) ?? bootFile(client, context);
  const url = found?.file === undefined ? undefined : urlOf(found.file, context.settings);
  if (url === undefined) return { note: found?.note ?? `${nameOf(client)}: nothing to boot`, stop: true };
  return { file: url, note: `${found?.note}, by HTTP` };
}

/** A path of the boot root as a URL below `httpUrl`; undefined where there is none. URLs and placeholders stay. */
function urlOf(file: string, { httpUrl }: BootSettings): string | undefined {
  if (isUrl(file)) return file;
  if (httpUrl === undefined) return undefined;
  const path = file.replace(/^\/+/, '').toWellFormed();
  return httpUrl + path.replace(/[^\w.~/${}!&'()*+,;=:@-]/gu, encodeURIComponent);
}

function askedFile(client: BootClient, { exists }: PolicyContext): Outcome {
  if ((client.kind !== 'u-boot' && client.kind !== 'bootp') || client.askedFile === undefined)
    return undefined;
  const path = client.askedFile.replace(/^\/+/, '');
  if (path.split('/').includes('..') || !exists?.(path)) return undefined;
  return forClient(client, path, 'the file it asks for');
}

function uefiLoader(client: BootClient, context: PolicyContext): Outcome {
  const arch = client.archs.find(({ firmware }) => firmware === 'efi' || firmware === 'bios');
  if (arch?.firmware !== 'efi') return undefined;
  const { settings, exists } = context;
  const named = isEfiProgram(settings.bootFile);
  const other = named && exists !== undefined && isForeign(settings.bootFile, arch);
  if (named && !other) return forClient(client, settings.bootFile, 'the named boot file is for UEFI');
  if (!exists)
    return forClient(client, settings.bootFile, 'the named boot file (the boot root is not ours to see)');
  const loaders = UEFI_LOADERS[arch.cpu] ?? [];
  const chains = mayChain(client, context);
  const usable = loaders.filter(({ name }) => chains || !isIpxeBinary(name));
  const found = findLoader(arch, usable, { bootFile: settings.bootFile, exists });
  if (found !== undefined) return { file: found, note: `${arch.name}: first loader found in the root` };
  if (named)
    return forClient(client, settings.bootFile, 'the named boot file, though its name tells of another CPU');
  const skipped = loaders.filter(({ name }) => isIpxeBinary(name)).map(({ name }) => name);
  const hint =
    chains || client.stage === 'ipxe' || skipped.length === 0
      ? ''
      : `; ${skipped.join(', ')} would need boot.ipxe in the root`;
  const names = usable.map(({ name }) => name).join(', ') || 'no loader is known for it';
  return { note: `${arch.name}: no UEFI loader in the root (${names})${hint}`, stop: true };
}

function bootFile(client: BootClient, context: PolicyContext): Outcome {
  const { settings, exists } = context;
  const bios = client.archs.length === 0 || client.archs.some(({ firmware }) => firmware === 'bios');
  if (bios && isEfiProgram(settings.bootFile) && client.kind !== 'u-boot' && exists) {
    const found = findBiosLoader(client, context);
    if (found !== undefined)
      return { file: found, note: 'BIOS: the named boot file is for UEFI, this one is not' };
  }
  if (settings.bootFile === '') return { note: 'no boot file is named' };
  const scriptless = isIpxeBinary(settings.bootFile) && exists !== undefined && !hasScript(context);
  const warning = scriptless ? '; it is iPXE, and will find no boot.ipxe in the root' : '';
  return forClient(client, settings.bootFile, `${nameOf(client)}: the named boot file${warning}`);
}

function findBiosLoader(client: BootClient, context: PolicyContext): string | undefined {
  const folder = folderOf(context.settings.bootFile);
  const chains = mayChain(client, context);
  return BIOS_LOADERS.flatMap(({ name }) => [folder + name, name]).find(
    (path) => (chains || !isIpxeBinary(path)) && context.exists?.(path),
  );
}

/** An iPXE binary makes sense for a client that is not iPXE, when there is a script for it to run afterwards. */
function mayChain(client: BootClient, context: PolicyContext): boolean {
  return client.stage !== 'ipxe' && hasScript(context);
}

function hasScript(context: PolicyContext): boolean {
  const { settings, exists } = context;
  return (
    settings.ipxeFile !== undefined ||
    findScript(exists) !== undefined ||
    renderedScript(context) !== undefined
  );
}

/** A found file, unless it would send iPXE to iPXE. */
function forClient(client: BootClient, file: string, note: string): Outcome {
  if (client.stage === 'ipxe' && isIpxeBinary(file)) {
    return { note: `iPXE: ${file} is iPXE itself, passed over (put boot.ipxe into the root)` };
  }
  return { file, note };
}

function findLoader(
  arch: Arch,
  loaders: readonly Loader[],
  { bootFile, exists }: { bootFile: string; exists: FileExists },
): string | undefined {
  const folders = [folderOf(isUrl(bootFile) ? '' : bootFile), ...(LOADER_FOLDERS[arch.cpu] ?? ['', 'efi/'])];
  for (const folder of new Set(folders)) {
    for (const { name, needs } of loaders) {
      if (exists(folder + name) && (needs === undefined || exists(folder + needs))) return folder + name;
    }
  }
  return undefined;
}

/** By its name a loader for other processors than this one. */
function isForeign(file: string, { cpu }: Arch): boolean {
  const base = file.slice(file.lastIndexOf('/') + 1).toLowerCase();
  const cpus = Object.entries(UEFI_LOADERS).filter(([, list]) => list.some(({ name }) => name === base));
  return cpus.length > 0 && cpus.every(([one]) => one !== cpu);
}

function isEfiProgram(file: string): boolean {
  return /\.efi(\.signed)?$/i.test(file);
}

function nameOf(client: BootClient): string {
  return client.archs[0]?.name ?? client.kind;
}
