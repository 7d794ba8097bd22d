/**
 * Runs a script of iPXE (ipxe.org/scripting) as a machine does where nobody presses a key: settings, conditions, labels,
 * menus by their default, and every file really fetched.
 */
import { latin1Decode } from '../lib/bytes.ts';
import { type Failure, failure, type Outcome } from './exchange.ts';
import { locateUrl } from './file-location.ts';
import {
  builtInSettings,
  commandsOf,
  expandSettings,
  operandsOf,
  optionOf,
  resolveUri,
} from './ipxe-words.ts';
import { checkContent, checkKernel, PROGRAM_HEAD_BYTES } from './program-check.ts';
import { describeAsk, IPXE_MANNER, type Loaded, load, type Scene } from './scene.ts';
import { type Location, report, type StepName, type Walking } from './step.ts';
import { uuidFileName } from './uuid-name.ts';

export type IpxeEnd =
  /** Kernel and initrds are loaded, and it says `boot`. */
  | { readonly kind: 'booted' }
  /** It goes on as another program, which has not been loaded yet. */
  | { readonly kind: 'chained'; readonly uri: string }
  | { readonly kind: 'local'; readonly detail: string }
  | { readonly kind: 'stuck'; readonly why: string; readonly detail: string }
  /** A step says why. */
  | { readonly kind: 'failed' };

type Script = { readonly text: string; readonly location: Location };

const MOST_COMMANDS = 1000;
const MOST_FILES = 64;
const MOST_SCRIPTS = 12;
const SCRIPT_BYTES = 65_536;
/** Programs that are loaders or scripts, not kernels: `chain` runs them. */
const LOADER = /\.(0|efi|kpxe|pxe|kkpxe|kkkpxe)$|pxelinux|grub|shim/i;

export function* runIpxe(scene: Scene, first: Script): Walking<IpxeEnd> {
  const { rom, lease, diary } = scene;
  const settings = builtInSettings(rom, lease, uuidFileName(rom.uuid));
  let commands = 0;
  let files = 0;
  let scripts = 0;
  let items: string[] = [];
  let preset: string | undefined;
  /** What was loaded, by the names that scripts call it. */
  const images = new Set<string>();
  let kernel = false;

  /** The end of a boot, or how a command went. */
  type Went = IpxeEnd | boolean;

  function* script({ text, location }: Script): Walking<IpxeEnd | undefined> {
    if (!text.startsWith('#!ipxe')) return stuck('no-script', 'it does not begin with #!ipxe');
    if (++scripts > MOST_SCRIPTS) return stuck('endless', 'scripts that lead to scripts without an end');
    const lines = text.split(/\r?\n/);
    const labels = new Map(
      lines.flatMap((line, at) => (line.trim().startsWith(':') ? [[line.trim().slice(1), at]] : [])),
    );
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!.trim();
      if (line === '' || line.startsWith('#') || line.startsWith(':')) continue;
      const parts = commandsOf(line, (words) => expandSettings(words, (name) => settings.get(name)));
      let status = true;
      for (const [index, { when, words }] of parts.entries()) {
        if ((when === '&&' && !status) || (when === '||' && status)) continue;
        if (++commands > MOST_COMMANDS) return stuck('endless', 'its commands go round and round');
        const tolerated = parts.slice(index + 1).some((next) => next.when === '||');
        if (words[0] === 'goto') {
          const target = labels.get(words[1] ?? '');
          if (target === undefined && tolerated) {
            status = false;
            continue;
          }
          if (target === undefined)
            return stuck('no-label', `line ${at + 1}: goto ${words[1] ?? ''}, which is nowhere`);
          at = target;
          break;
        }
        if (words[0] === 'exit') return undefined;
        const went: Went = yield* execute(words, { location, tolerated });
        if (typeof went !== 'boolean') return went;
        status = went;
        if (!status && !tolerated)
          return stuck('command-failed', `line ${at + 1}: "${line}" fails, and with it the script`);
      }
    }
    return undefined;
  }

  type Around = { readonly location: Location; readonly tolerated: boolean };

  function* execute(words: readonly string[], around: Around): Walking<Went> {
    const [name = '', ...rest] = words;
    const operands = operandsOf(rest);
    switch (name) {
      case 'set':
        settings.set(settingName(operands[0]), operands.slice(1).join(' '));
        return true;
      case 'clear':
        settings.delete(settingName(operands[0]));
        return true;
      case 'isset':
        return (operands[0] ?? '') !== '';
      case 'iseq':
        return operands[0] === operands[1];
      case 'inc': {
        const key = settingName(operands[0]);
        settings.set(key, String(Number(settings.get(key) ?? 0) + Number(operands[1] ?? 1)));
        return true;
      }
      case 'menu':
        items = [];
        preset = undefined;
        return true;
      case 'item':
        return addItem(rest);
      case 'choose':
        return choose(rest, operands);
      case 'prompt':
        // Nobody presses a key: with a time limit that is a failure of the command, without one it waits.
        if (optionOf(rest, '--timeout', '-t') !== undefined) return false;
        return stuck('waits', 'prompt without a timeout waits for a key');
      case 'shell':
      case 'config':
      case 'login':
        return stuck('waits', `${name} waits for somebody`);
      case 'kernel':
        return yield* fetch('kernel', rest, around);
      case 'imgselect':
      case 'imgload':
        kernel = true;
        return true;
      case 'initrd':
      case 'module':
      case 'imgfetch':
        return yield* fetch('initrd', rest, around);
      case 'chain':
      case 'imgexec':
      case 'boot':
        return yield* chain(operands[0], around);
      case 'sanboot':
        return { kind: 'local', detail: `sanboot ${rest.join(' ')}` };
      case 'reboot':
      case 'poweroff':
        return { kind: 'local', detail: name };
      case 'false':
        return false;
      default:
        return true; // dhcp, echo, sleep, console, imgargs, cpuid…: none of them keeps anybody from booting
    }
  }

  function addItem(words: readonly string[]): boolean {
    // Of an item `--default` is a mark without a value.
    const [name] = operandsOf(words.filter((word) => word !== '--default' && word !== '-d'));
    if (words.some((word) => word === '--gap' || word === '-g') || name === undefined) return true;
    items.push(name);
    if (words.some((word) => word === '--default' || word === '-d')) preset = name;
    return true;
  }

  function choose(words: readonly string[], operands: readonly string[]): Went {
    const chosen = optionOf(words, '--default', '-d') ?? preset ?? items[0];
    if (optionOf(words, '--timeout', '-t') === undefined)
      return stuck('waits', 'choose without a timeout waits for a key');
    if (chosen === undefined) return false;
    settings.set(settingName(operands[0]), chosen);
    return true;
  }

  function* chain(name: string | undefined, around: Around): Walking<Went> {
    if (name === undefined)
      return kernel ? { kind: 'booted' } : stuck('no-kernel', 'boot, and no kernel is loaded');
    if (images.has(name)) return { kind: 'booted' };
    const uri = resolveUri(name, around.location);
    if (LOADER.test(uri.replace(/[?#].*$/, '')) && locateUrl(uri, true) !== undefined)
      return { kind: 'chained', uri };
    const since = diary.clock.now;
    const got = yield* get(uri, SCRIPT_BYTES);
    if (!got.ok) return yield* missed({ step: 'config', since }, { uri, got }, around);
    if (latin1Decode(got.value.head.subarray(0, 6)) !== '#!ipxe')
      return yield* ran(got.value, { ...around, since });
    yield* report(diary, { step: 'config', since }, { ok: true, detail: got.value.detail });
    const end = yield* script({ text: latin1Decode(got.value.head), location: got.value.location });
    return end ?? true;
  }

  /** A program that is no script and, by its name, no loader: a kernel. */
  function* ran(file: Loaded, { tolerated, since }: Around & { readonly since: number }): Walking<Went> {
    const problem = checkKernel(file);
    const station = { step: 'kernel', since } as const;
    if (problem) {
      if (tolerated) return false;
      yield* report(diary, station, {
        ok: false,
        why: problem.why,
        detail: `${file.detail}: ${problem.detail}`,
      });
      return { kind: 'failed' };
    }
    yield* report(diary, station, { ok: true, detail: file.detail, sizeBytes: file.sizeBytes });
    return { kind: 'booted' };
  }

  function* fetch(step: StepName, words: readonly string[], around: Around): Walking<Went> {
    const [name] = operandsOf(words);
    if (name === undefined) return false;
    const since = diary.clock.now;
    const uri = resolveUri(name, around.location);
    const got = yield* get(uri, PROGRAM_HEAD_BYTES);
    if (!got.ok) return yield* missed({ step, since }, { uri, got }, around);
    const { detail, sizeBytes, location } = got.value;
    const asked = describeAsk(location, IPXE_MANNER);
    const problem = step === 'kernel' ? checkKernel(got.value) : checkContent(got.value);
    if (problem) {
      yield* report(
        diary,
        { step, since },
        { ok: false, why: problem.why, detail: `${detail}: ${problem.detail}`, asked },
      );
      return { kind: 'failed' };
    }
    yield* report(diary, { step, since }, { ok: true, detail, sizeBytes, asked });
    if (step === 'kernel') kernel = true;
    images.add(optionOf(words, '--name', '-n') ?? uri.replace(/[?#].*$/, '').replace(/^.*\//, ''));
    return true;
  }

  function* get(uri: string, keepBytes: number): Walking<Outcome<Loaded>> {
    if (++files > MOST_FILES) return failure('endless', `${uri}: more than ${MOST_FILES} files`);
    const location = locateUrl(uri, true);
    if (location === undefined || location === 'no-url')
      return failure('url-unusable', `${uri}: cannot be tried from here`);
    return yield* load(scene, location, { manner: IPXE_MANNER, keepBytes });
  }

  /** A file that the script can do without is told, and is no failure. */
  function* missed(
    station: { readonly step: StepName; readonly since: number },
    { uri, got }: { readonly uri: string; readonly got: Failure },
    { tolerated }: Around,
  ): Walking<Went> {
    const location = locateUrl(uri, true);
    const asked = typeof location === 'object' ? { asked: describeAsk(location, IPXE_MANNER) } : {};
    if (tolerated && got.why !== 'endless') {
      yield* report(diary, station, {
        ok: true,
        detail: `${uri} is not to be had, and the script goes on`,
        notes: [got.detail],
        ...asked,
      });
      return false;
    }
    yield* report(diary, station, { ok: false, why: got.why, detail: got.detail, ...asked });
    return { kind: 'failed' };
  }

  const end = yield* script(first);
  return (
    end ?? { kind: 'local', detail: 'the script ends without boot: the machine goes on to its next device' }
  );
}

function stuck(why: string, detail: string): IpxeEnd {
  return { kind: 'stuck', why, detail };
}

function settingName(name = ''): string {
  return name.replace(/^net[0-9X]\//, '').replace(/:.*$/, '');
}
