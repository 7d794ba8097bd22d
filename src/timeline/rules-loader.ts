/** Rules about the way to a loader, and what it needs beside itself. */

import { isUrl } from '../boot/policy.ts';
import { baseOf } from '../boot/tree.ts';
import { COMPANIONS, type Companion } from '../boot/tree-rules-table.ts';
import { own } from '../lib/own.ts';
import { type Case, isEnd, loadersOf, meant, type Rule } from './case.ts';
import { type BootedFile, bareName, filesOf, plain } from './view.ts';

/** iPXE waits up to 16 s for an IPv6 router before it asks for its first file. */
const FIRST_FILE_MS = 20_000;
/** A loader that runs asks for something at once. */
const NEXT_FILE_MS = 10_000;
const REFUSED_MS = 3_000;

/** The answer sent it to port 4011, it has its address, and nothing came to that port. */
const port4011: Rule = ({ view, facts }) => {
  const told = view.told ?? view.offered;
  if (!told?.later || !view.address || view.told4011 || view.files.length > 0) return undefined;
  const owner = facts.owners?.find(({ port }) => port === 4011)?.owner;
  const held = owner === undefined ? '' : ` (port 4011 is ${owner}'s)`;
  return {
    code: 'port-4011',
    text: `it was sent to UDP port 4011 for its boot file, and nothing of it arrived there${held}`,
    fix:
      'let UDP port 4011 through: a firewall on this machine (nft list ruleset, iptables -L) or on the way drops it; ' +
      'or do without it: no menu, no quirk with-4011',
    certainty: 'likely',
    fatalMs: NEXT_FILE_MS,
  };
};

const noFileTold: Rule = ({ view }) => {
  const { address, offered, told, told4011 } = view;
  const said = told4011 ?? told ?? offered ?? address;
  if (!address || address.what === 'took-elsewhere' || view.files.length > 0) return undefined;
  if (!said || said.file !== undefined || said.later || said.menu !== undefined) return undefined;
  if (said.stage !== 'rom' && said.stage !== 'ipxe' && said.what !== 'bootp-answered') return undefined;
  return {
    code: 'no-file-told',
    text: 'it was given an address and no boot file',
    fix: 'put a loader for it into the root (pxectl loaders install), or name one: boot.filename, boot.arch, hosts',
    certainty: 'sure',
    fatalMs: FIRST_FILE_MS,
  };
};

/** It has an address and a name, and asks nobody here. */
const loaderNotAsked: Rule = ({ view, facts }) => {
  const told = view.told4011 ?? view.told ?? view.offered;
  if (
    !view.address ||
    told?.file === undefined ||
    told.later ||
    view.files.length > 0 ||
    view.tried.length > 0
  )
    return undefined;
  const owner = facts.owners?.find(({ port }) => port === 69)?.owner;
  const url = isUrl(told.file);
  const held = owner === undefined ? '' : `; port 69 is ${owner}'s`;
  return {
    code: 'loader-not-asked',
    text: `it has an address and was told to boot ${told.file}, and has not asked for that here${held}`,
    fix: url
      ? 'look whether that server has the file, and whether it is reached from there'
      : 'let UDP port 69 through (firewalls of this machine and on the way); look whether next-server names another machine',
    certainty: 'likely',
    fatalMs: FIRST_FILE_MS,
  };
};

const missingLoader: Rule = ({ view, facts }) => {
  const found = filesOf(view, 'loader').find(
    ({ state, mark }) =>
      state === 'refused' && mark.why === 'not-found' && !mark.optional && isEnd(view, mark.at),
  );
  if (!found || isCompanion(found, view)) return undefined;
  const fact = facts.file(found.file);
  if (fact?.link) return undefined;
  return {
    code: 'missing-loader',
    text: `it asks for ${found.file}, which is not in the root${meant(fact?.near)}`,
    fix:
      fact?.near === undefined
        ? 'put it there: pxectl loaders install'
        : `rename it, or name ${fact.near} as the boot file`,
    certainty: 'sure',
    fatalMs: REFUSED_MS,
  };
};

/** The stage that a loader of this boot loads is another rule's. */
function isCompanion({ file }: BootedFile, view: Case['view']): boolean {
  const base = baseOf(file);
  return loadersOf(view).some((loader) =>
    COMPANIONS.some((rule) => rule.loader.test(baseOf(loader.file)) && needs(rule, base)),
  );
}

function needs({ needs: needed }: Companion, base: string): boolean {
  return typeof needed === 'string' ? needed === base : Object.values(needed).includes(base);
}

const missingCompanion: Rule = ({ view }) => {
  for (const loader of loadersOf(view)) {
    for (const rule of COMPANIONS.filter((each) => each.loader.test(baseOf(loader.file)))) {
      const asked = view.files.filter(({ file }) => needs(rule, baseOf(file)));
      const refused = asked.find(({ state, mark }) => state === 'refused' && mark.why === 'not-found');
      // It is looked for in several folders.
      if (!refused || asked.some(({ state }) => state === 'done' || state === 'open')) continue;
      return {
        code: 'missing-companion',
        text: `${loader.file} needs ${refused.file}, which is not in the root: ${rule.otherwise}`,
        fix: rule.fix,
        certainty: 'sure',
        fatalMs: REFUSED_MS,
      };
    }
  }
  return undefined;
};

/** Modules, menus and pictures: a boot may go on without. */
const missingModule: Rule = ({ view }) => {
  const found = filesOf(view, 'companion').filter(
    ({ state, mark, file }) =>
      state === 'refused' &&
      mark.why === 'not-found' &&
      !mark.optional &&
      isEnd(view, mark.at) &&
      bareName(view, file) === file,
  );
  const first = found.find(({ file }) => /\.(c32|e32|e64|mod)$/.test(file)) ?? found[0];
  if (!first) return undefined;
  return {
    code: 'missing-module',
    text: `it asks for ${first.file}, which is not in the root`,
    fix: 'copy it beside the loader, of the same version',
    certainty: 'likely',
    ...(/\.(c32|e32|e64|mod)$/.test(first.file) && { fatalMs: NEXT_FILE_MS }),
  };
};

/** It got a program that its processor or its firmware does not run. */
const wrongProgram: Rule = ({ view, arch, facts }) => {
  if (!arch) return undefined;
  for (const loader of loadersOf(view)) {
    if (!isEnd(view, loader.mark.at) && arch.firmware === 'efi') continue;
    const fact = facts.file(loader.mark.path ?? loader.file);
    const problem = misfit(arch, loader.file, fact);
    if (problem && isEnd(view, loader.mark.at)) return problem;
  }
  return undefined;
};

type About = NonNullable<Case['arch']>;

const CPU_NAMES: Readonly<Record<string, string>> = {
  x86: '32-bit x86',
  x64: 'x86-64',
  arm: '32-bit ARM',
  aa64: '64-bit ARM',
};

function cpuName(cpu: string): string {
  return own(CPU_NAMES, cpu) ?? cpu;
}

function misfit(arch: About, file: string, fact: ReturnType<Case['facts']['file']>): ReturnType<Rule> {
  const machine = arch.firmware === 'bios' ? 'BIOS' : `UEFI for ${cpuName(arch.cpu)}`;
  const ends = { fatalMs: NEXT_FILE_MS, certainty: 'sure' as const };
  if (arch.firmware === 'bios' && (fact?.image === 'efi' || (!fact && /\.efi(\.signed)?$/i.test(file)))) {
    return {
      ...{ code: 'wrong-arch', ...ends, certainty: fact ? 'sure' : 'likely' },
      text: `${file} is a program for UEFI, and the machine boots by BIOS (${arch.name})`,
      fix: 'give BIOS machines a loader of their own, pxelinux.0: the boot file, or boot.arch.x86PC',
    };
  }
  if (arch.firmware !== 'efi') return undefined;
  if (fact?.image === 'not-efi') {
    return {
      ...{ code: 'not-efi', ...ends },
      text: `${file} is no EFI program, and the machine boots by UEFI (${arch.name})`,
      fix: `give it a loader for UEFI: boot.arch.${arch.name}, or pxectl loaders install`,
    };
  }
  if (fact?.cpu === undefined || fact.cpu === arch.cpu || fact.cpu === 'other') return undefined;
  return {
    ...{ code: 'wrong-arch', ...ends },
    text: `${file} is an EFI program for ${cpuName(fact.cpu)}, and the machine is ${machine} (${arch.name})`,
    fix: `give such machines one of their own: boot.arch.${arch.name}, or a file of their loaders' names`,
  };
}

/** Loaders that are known to ask for more. */
const ASKS_FURTHER =
  /^([gl]?pxelinux\.0|syslinux.*\.efi|grub.*\.efi(\.signed)?|shim.*|bootnet.*|core\.(efi|0)|.*ipxe.*|undionly.*|snponly.*)$/;

/** It has its loader, and nothing followed. */
const loaderSilent: Rule = ({ view, arch, facts }) => {
  const last = loadersOf(view).at(-1);
  if (!last || !ASKS_FURTHER.test(baseOf(last.file)) || view.config || view.tried.length > 0)
    return undefined;
  const after = view.files.some(
    ({ file, mark }) => file !== last.file && mark.at >= last.mark.at && !mark.optional,
  );
  if (
    after ||
    view.marks.some(({ what, at, stage }) => what === 'offered' && at > last.mark.at && stage !== 'rom')
  )
    return undefined;
  const empty = facts.file(last.file)?.sizeBytes === 0;
  const secure = arch?.firmware === 'efi' && !/^(shim|bootnet)/.test(baseOf(last.file));
  if (empty) {
    const text = `${last.file} is empty: a machine that gets it stops without a word`;
    return { code: 'empty-loader', text, fix: 'copy it again', certainty: 'sure', fatalMs: NEXT_FILE_MS };
  }
  return {
    code: 'loader-silent',
    text: `it has ${last.file}, and asked for nothing after that: the loader was not started, or stopped`,
    fix: secure
      ? 'look at its screen; with Secure Boot on, boot shim (pxectl loaders install shim) or switch it off'
      : 'look at its screen; copy the loader again, or try another one',
    certainty: 'likely',
    fatalMs: NEXT_FILE_MS,
  };
};

/** In the order in which they explain. */
export const LOADER_RULES: readonly Rule[] = [
  missingCompanion,
  missingLoader,
  wrongProgram,
  port4011,
  noFileTold,
  loaderNotAsked,
  missingModule,
  loaderSilent,
];

/** A program of which nothing more is to be expected, memtest for one. */
export function isLastProgram(view: Case['view']): boolean {
  const last = loadersOf(view).at(-1);
  return last !== undefined && !ASKS_FURTHER.test(baseOf(plain(last.file)));
}
