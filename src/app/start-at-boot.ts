import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { EXIT } from './exit-codes.ts';
import { MEMORY } from './lease-state.ts';
import { isOurUnit, unitFor } from './service-unit.ts';

const UNIT = 'pxed.service';
const UNIT_FOLDER = '/etc/systemd/system';
const WANTS = `${UNIT_FOLDER}/multi-user.target.wants`;
/** There where systemd runs (sd_booted(3)). */
const BOOTED = '/run/systemd/system';
/** Made by systemd for the unit. */
const STATE_FOLDER = '/var/lib/pxed';

/** Where the installation is, whose system it changes, and how; replaced in tests. */
export type BootIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Does systemd run here? */
  readonly booted: () => boolean;
  /** The status of `systemctl …`, and what it said. */
  readonly systemctl: (args: readonly string[]) => { readonly status: number; readonly text: string };
  /** The unit of the package. */
  readonly template: string;
  /** The Node that runs this, and the script of pxed beside it. */
  readonly program: readonly string[];
};

export type EnableQuestion = {
  /** Arguments of pxed. */
  readonly arguments: readonly string[];
  /** What they come to. */
  readonly config: Config;
  /** An image's or chroot's folder; this system when left out. */
  readonly root?: string;
  /** Start it, too. */
  readonly now?: boolean;
  /** The program, in place of the pxed that this is a part of. */
  readonly program?: string;
  readonly json?: boolean;
};

export type DisableQuestion = Pick<EnableQuestion, 'root' | 'now' | 'json'>;

/** What was done, a line each; `changed` is false when all was so already. */
type Done = {
  readonly changed: boolean;
  readonly lines: readonly string[];
  readonly failed?: true;
  /** The unit that it would have written, for whoever puts it into its place himself. */
  readonly unit?: string;
};

/**
 * `pxectl enable`: has systemd start pxed with this command line when the machine boots. Writes the unit, links it, and says what it
 * did; what is so already it leaves. Resolves to the exit code: 1 where it could not.
 */
export function reportEnable(question: EnableQuestion, io: BootIo): number {
  return report(() => enable(question, io), question.json, io);
}

/** `pxectl disable`: pxed is no longer started when the machine boots. The unit stays where it is. */
export function reportDisable(question: DisableQuestion, io: BootIo): number {
  return report(() => disable(question, io), question.json, io);
}

function report(act: () => Done, json: boolean | undefined, { out, err }: BootIo): number {
  let done: Done;
  try {
    done = act();
  } catch (error) {
    err.write(`pxectl: ${wordsOf(error)}\n`);
    return EXIT.START;
  }
  const { changed, lines, failed, unit } = done;
  const told = { changed, done: lines, failed: failed === true, ...(unit !== undefined && { unit }) };
  if (json) out.write(`${JSON.stringify(told, undefined, 2)}\n`);
  else {
    (failed ? err : out).write(lines.map((line) => `${failed ? 'pxectl: ' : ''}${line}\n`).join(''));
    if (unit !== undefined) out.write(unit);
  }
  return failed ? EXIT.START : EXIT.OK;
}

function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const path = error instanceof Error && 'path' in error ? String(error.path) : UNIT_FOLDER;
  if (code === 'EACCES' || code === 'EPERM') return `Cannot write ${path}: permission denied; run it as root`;
  if (code === 'EROFS') return `Cannot write ${path}: read-only file system`;
  return error instanceof Error ? error.message : String(error);
}

function enable({ arguments: args, config, root, now, program }: EnableQuestion, io: BootIo): Done {
  const text = unitFor(io.template, {
    command: [...(program === undefined ? io.program : [program]), ...args],
    ...foldersOf(config),
  });
  const path = within(root, join(UNIT_FOLDER, UNIT));
  const before = readIfThere(path);
  if (before !== undefined && before !== text && !isOurUnit(before)) {
    const lines = [`${path} is there, and not of pxectl: move it away, or change it by systemctl edit pxed`];
    return { changed: false, lines, failed: true };
  }
  if (root === undefined && !io.booted()) {
    const lines = [
      'systemd does not run here: nothing was changed, and the unit is on stdout',
      `it would be ${path}, linked below ${WANTS}; for an image: --root DIR`,
    ];
    return { changed: false, lines, failed: true, unit: text };
  }
  const lines: string[] = [];
  if (before !== text) {
    replaceFile(path, text);
    lines.push(`wrote ${path}`);
  }
  if (root !== undefined) {
    const link = within(root, join(WANTS, UNIT));
    if (linkTo(link, join(UNIT_FOLDER, UNIT))) lines.push(`linked ${link}`);
    return {
      changed: lines.length > 0,
      lines: lines.length > 0 ? lines : [`pxed is started at boot of ${root} already`],
    };
  }
  const wasOn = io.systemctl(['is-enabled', UNIT]).text.trim() === 'enabled';
  const steps = [
    ...(before === text ? [] : [['daemon-reload']]),
    ...(wasOn ? [] : [['enable', UNIT]]),
    ...(now ? [['start', UNIT]] : []),
  ];
  for (const step of steps) {
    const { status, text: said } = io.systemctl(step);
    if (status !== 0)
      return {
        changed: lines.length > 0,
        lines: [...lines, `systemctl ${step.join(' ')} failed: ${said.trim()}`],
        failed: true,
      };
  }
  if (!wasOn) lines.push('pxed is started when this machine boots');
  if (now) lines.push('pxed runs');
  else if (before !== undefined && before !== text)
    lines.push('a pxed that runs has its old command line until systemctl restart pxed');
  return {
    changed: lines.length > 0,
    lines: lines.length > 0 ? lines : ['pxed is started at boot already, with this command line'],
  };
}

function disable({ root, now }: DisableQuestion, io: BootIo): Done {
  if (root !== undefined) {
    const link = within(root, join(WANTS, UNIT));
    const there = lstatSync(link, { throwIfNoEntry: false }) !== undefined;
    rmSync(link, { force: true });
    return { changed: there, lines: [there ? `removed ${link}` : `pxed is not started at boot of ${root}`] };
  }
  if (!io.booted())
    return {
      changed: false,
      lines: ['systemd does not run here: nothing starts pxed at boot. For an image: --root DIR'],
      failed: true,
    };
  const wasOn = io.systemctl(['is-enabled', UNIT]).text.trim() === 'enabled';
  const steps = [...(wasOn ? [['disable', UNIT]] : []), ...(now ? [['stop', UNIT]] : [])];
  for (const step of steps) {
    const { status, text } = io.systemctl(step);
    if (status !== 0)
      return { changed: false, lines: [`systemctl ${step.join(' ')} failed: ${text.trim()}`], failed: true };
  }
  const lines = [
    wasOn ? 'pxed is no longer started when this machine boots' : 'pxed is not started at boot already',
    ...(now ? ['pxed is stopped'] : []),
  ];
  return { changed: wasOn, lines };
}

/** What the unit has to open to it, of folders that systemd does not make. */
function foldersOf({ tftp, state }: Config): {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
} {
  const root = tftp.root === undefined ? [] : [resolve(tftp.root)];
  const kept =
    state === undefined || state === MEMORY || resolve(state) === STATE_FOLDER ? [] : [resolve(state)];
  return { reads: root, writes: [...(tftp.writes === 'off' ? [] : root), ...kept] };
}

/** Throws where a link of the image leads out of it, as `etc -> /etc` would: this system is not what is to be changed then. */
function within(root: string | undefined, path: string): string {
  if (root === undefined) return path;
  const top = existsSync(root) ? realpathSync(root) : resolve(root);
  let folder = top;
  for (const name of dirname(path).split('/').filter(Boolean)) {
    folder = join(folder, name);
    if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) folder = realpathSync(folder);
    if (!folder.startsWith(top === '/' ? top : `${top}/`))
      throw new Error(`Cannot write ${path} of ${root}: a link there leads out, to ${folder}`);
  }
  return join(resolve(root), path);
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Whole or not at all. */
function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o644, flag: 'wx' });
  renameSync(draft, path);
}

/** False: it was so already. */
function linkTo(link: string, target: string): boolean {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === target) return false;
  if (there) rmSync(link);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link);
  return true;
}

/** The package that this is a part of, on the system that it runs on. */
export function thisInstallation({ out, err }: Pick<BootIo, 'out' | 'err'>): BootIo {
  const isBuilt = existsSync(join(import.meta.dirname, '../../bin/pxed.js'));
  const home = resolve(import.meta.dirname, isBuilt ? '../../..' : '../..');
  const script = isBuilt ? 'dist/bin/pxed.js' : 'bin/pxed.ts';
  return {
    out,
    err,
    booted: () => existsSync(BOOTED),
    systemctl(args) {
      const { status, stdout, stderr, error } = spawnSync('systemctl', [...args], { encoding: 'utf8' });
      return { status: status ?? 1, text: error ? error.message : stdout || stderr };
    },
    template: readFileSync(join(home, 'config/pxed.service'), 'utf8'),
    program: [process.execPath, join(home, script)],
  };
}
