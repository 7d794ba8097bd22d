/**
 * Runs a GRUB configuration as far as it decides what boots by itself: variables, conditions, functions, further
 * configurations, then the default entry. Files are really asked for, `[ -f … ]` too, as GRUB does.
 */
import { archOf } from '../boot/arch-table.ts';
import { latin1Decode } from '../lib/bytes.ts';
import { formatIpv4, parseIpv4 } from '../lib/ipv4.ts';
import { pathOf } from './file-location.ts';
import { parseGrub, type Script, type Statement, type Word } from './grub-script.ts';
import { testWords } from './grub-test.ts';
import { checkContent, checkKernel, PROGRAM_HEAD_BYTES } from './program-check.ts';
import { GRUB_MANNER, load, loadStation, type Scene } from './scene.ts';
import { type Location, report, type StepName, type Walking } from './step.ts';

export type GrubEnd =
  | { readonly kind: 'booted' }
  /** On to the machine's own disk, or out of GRUB. */
  | { readonly kind: 'local'; readonly detail: string }
  /** GRUB waits for somebody. */
  | { readonly kind: 'stuck'; readonly detail: string }
  /** A step says why. */
  | { readonly kind: 'failed' };

type Entry = {
  readonly title: string;
  readonly id: string | undefined;
  readonly submenu: boolean;
  readonly body: Script;
};

const KERNELS = /^(linux|linux16|linuxefi|kernel|multiboot2?|chainloader|xen_hypervisor)$/;
const INITRDS = /^(initrd|initrd16|initrdefi|module2?|xen_module|devicetree)$/;
const CONFIGS = /^(configfile|source|normal|\.|extract_entries_source|extract_entries_configfile)$/;
const MOST_COMMANDS = 2000;
const DEEPEST = 12;
const CONFIG_BYTES = 262_144;

/** A GRUB that found its configuration at `config`. */
export function createGrub(scene: Scene, config: Location): { run(text: string): Walking<GrubEnd> } {
  const { rom, lease } = scene;
  const web = 'url' in config ? /^http:\/\/([^/]*)/i.exec(config.url)?.[1] : undefined;
  const own =
    web === undefined
      ? `tftp,${formatIpv4('server' in config ? config.server : lease.bootServer)}`
      : `http,${web}`;
  const folder = `/${pathOf(config)}`.replace(/\/{2,}/g, '/').replace(/\/[^/]*$/, '');
  const efi = archOf(rom.arch ?? 0).firmware === 'efi';
  const variables = new Map<string, string>([
    ['root', own],
    ['prefix', `(${own})${folder}`],
    ['config_directory', `(${own})${folder}`],
    ['cmdpath', `(${own})${folder}`],
    ['grub_platform', efi ? 'efi' : 'pc'],
    [
      'grub_cpu',
      archOf(rom.arch ?? 0).cpu === 'x64'
        ? 'x86_64'
        : archOf(rom.arch ?? 0).cpu === 'aa64'
          ? 'arm64'
          : 'i386',
    ],
    ['net_default_ip', formatIpv4(lease.ip)],
    ['net_default_mac', rom.mac],
    ['net_default_server', formatIpv4(lease.bootServer)],
    ['net_default_interface', efi ? 'efinet0' : 'pxe'],
    ['pxe_default_server', formatIpv4(lease.bootServer)],
    ['feature_platform_search_hint', 'y'],
    ['feature_menuentry_id', 'y'],
    ['menuentry_id_option', '--id'],
  ]);
  const functions = new Map<string, Script>();
  let entries: Entry[] = [];
  let commands = 0;
  let kernel = false;
  let status = true;

  const expand = (word: Word): string =>
    word.map((part) => (typeof part === 'string' ? part : (variables.get(part.variable) ?? ''))).join('');

  function* script(statements: Script, depth: number): Walking<GrubEnd | undefined> {
    for (const statement of statements) {
      if (++commands > MOST_COMMANDS || depth > DEEPEST)
        return { kind: 'stuck', detail: 'it goes on without an end' };
      const end = yield* step(statement, depth);
      if (end) return end;
    }
    return undefined;
  }

  function* step(statement: Statement, depth: number): Walking<GrubEnd | undefined> {
    if (statement.kind === 'function') functions.set(statement.name, statement.body);
    else if (statement.kind === 'entry') entries.push(entryOf(statement.words.map(expand), statement));
    else if (statement.kind === 'command') return yield* command(statement.words.map(expand), depth);
    else {
      for (const { test, body } of statement.branches) {
        status = true;
        const end = yield* script(test, depth + 1);
        if (end) return end;
        if (status) return yield* script(body, depth + 1);
      }
      return yield* script(statement.otherwise, depth + 1);
    }
    return undefined;
  }

  function* command([first = '', ...rest]: string[], depth: number): Walking<GrubEnd | undefined> {
    const negated = first === '!';
    const [name = '', ...words] = negated ? rest : [first, ...rest];
    const end = yield* execute(name, words, depth);
    if (negated) status = !status;
    return end;
  }

  function* execute(name: string, words: string[], depth: number): Walking<GrubEnd | undefined> {
    const plain = words.filter((word) => !word.startsWith('-'));
    status = true;
    const given = name === 'set' || name === 'export' ? (words[0] ?? '') : name;
    const assigned = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(given);
    if (assigned) variables.set(assigned[1]!, assigned[2]!);
    else if (name === 'unset') variables.delete(words[0] ?? '');
    else if (name === '[' || name === 'test') status = yield* test(words.filter((word) => word !== ']'));
    else if (name === 'false') status = false;
    else if (name === 'search') variables.set('root', 'disk');
    else if (functions.has(name)) return yield* script(functions.get(name)!, depth + 1);
    else if (CONFIGS.test(name) && plain[0] !== undefined) return yield* further(name, plain[0], depth);
    else if (KERNELS.test(name)) return yield* program('kernel', plain.slice(0, 1));
    else if (INITRDS.test(name))
      return yield* program('initrd', name.startsWith('initrd') ? plain : plain.slice(0, 1));
    else if (name === 'boot' && kernel) return { kind: 'booted' };
    else if (/^(exit|halt|reboot|fwsetup)$/.test(name))
      return { kind: 'local', detail: `${name}: GRUB leaves` };
    return undefined;
  }

  /** What is not about files is decided by words; a file is asked for. */
  function* test(words: readonly string[]): Walking<boolean> {
    const [option = '', name = ''] = words;
    if (option === '!') return !(yield* test(words.slice(1)));
    if (!/^-[efs]$/.test(option)) return testWords(words);
    const location = locate(name);
    if (!location || location === 'disk') return false;
    const got = yield* load(scene, location, { manner: GRUB_MANNER, keepBytes: 0 });
    return got.ok && (option !== '-s' || got.value.sizeBytes > 0);
  }

  function* further(name: string, file: string, depth: number): Walking<GrubEnd | undefined> {
    const location = locate(file);
    if (location === 'disk') return { kind: 'local', detail: `${name} ${file}: on the machine’s own disk` };
    const got = location && (yield* load(scene, location, { manner: GRUB_MANNER, keepBytes: CONFIG_BYTES }));
    status = got?.ok === true;
    if (!got?.ok) return undefined;
    if (name === 'configfile') entries = [];
    const end = yield* script(parseGrub(latin1Decode(got.value.head)), depth + 1);
    // Another configuration takes the place of this one, menu and all.
    return end ?? (name === 'configfile' ? yield* menu(depth) : undefined);
  }

  function* program(what: StepName, names: readonly string[]): Walking<GrubEnd | undefined> {
    for (const name of names) {
      const location = locate(name);
      if (location === 'disk') return { kind: 'local', detail: `${name} is on the machine’s own disk` };
      if (!location) {
        const detail = `${name}: GRUB cannot load it from the network`;
        yield* report(
          scene.diary,
          { step: what, since: scene.diary.clock.now },
          { ok: false, why: 'not-found', detail },
        );
        return { kind: 'failed' };
      }
      const wanted = { manner: GRUB_MANNER, keepBytes: PROGRAM_HEAD_BYTES };
      const check = what === 'kernel' ? checkKernel : checkContent;
      if (!(yield* loadStation(scene, { step: what, location, wanted, check }))) return { kind: 'failed' };
    }
    if (what === 'kernel') kernel = true;
    return undefined;
  }

  /** `(tftp,10.0.0.2)/x`, `(http,10.0.0.2:8080)/x`, `/x` below the root; `disk` for the machine's own. */
  function locate(name: string): Location | 'disk' | undefined {
    const [, given, path = ''] = /^\(([^)]*)\)(.*)$/.exec(name) ?? [undefined, undefined, name];
    const device = given ?? (variables.get('root') ?? '').replace(/^\((.*)\)$/, '$1');
    if (path === '' || /^\+\d/.test(path)) return 'disk';
    const [kind = '', host = own.slice(own.indexOf(',') + 1)] = device.split(',', 2);
    if (kind === 'http') return { url: `http://${host}/${path.replace(/^\/+/, '')}` };
    const server = parseIpv4(host);
    if (kind === 'tftp' || kind === 'pxe') return server === undefined ? undefined : { server, path };
    return 'disk';
  }

  /** The entry that boots by itself: `default` is its place, its title or its id; `a>b` leads into a submenu. */
  function* menu(depth: number): Walking<GrubEnd> {
    if (entries.length === 0) {
      const detail = kernel ? 'a kernel is loaded, and nothing says boot' : 'no entry and no kernel';
      return { kind: 'stuck', detail: `${detail}: GRUB would wait at its prompt` };
    }
    const wanted = (variables.get('default') ?? '0').split('>');
    const [first = '0', ...inner] = wanted;
    const entry =
      entries.find(({ title, id }) => title === first || id === first) ??
      entries[/^\d+$/.test(first) ? Number(first) : 0] ??
      entries[0]!;
    entries = [];
    const waits = variables.get('timeout') === undefined || variables.get('timeout') === '-1';
    const notes = waits && depth === 0 ? ['no timeout is set: GRUB waits at its menu for a key'] : [];
    const detail = `entry "${entry.title}"`;
    yield* report(scene.diary, { step: 'menu', since: scene.diary.clock.now }, { ok: true, detail, notes });
    variables.set('chosen', entry.title);
    if (entry.submenu) variables.set('default', inner.join('>') || '0');
    const end = yield* script(entry.body, depth + 1);
    if (end) return end;
    if (entry.submenu)
      return depth > DEEPEST ? { kind: 'stuck', detail: 'menus without an end' } : yield* menu(depth + 1);
    return kernel ? { kind: 'booted' } : { kind: 'stuck', detail: `entry "${entry.title}" loads no kernel` };
  }

  return {
    *run(text) {
      return (yield* script(parseGrub(text), 0)) ?? (yield* menu(0));
    },
  };
}

function entryOf(words: readonly string[], { submenu, body }: { submenu: boolean; body: Script }): Entry {
  const at = words.indexOf('--id');
  return { title: words[0] ?? '', id: at < 0 ? undefined : words[at + 1], submenu, body };
}
