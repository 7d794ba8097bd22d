import { Command, InvalidArgumentError, Option } from 'commander';
import { type FileOperations, reportFiles } from '../../app/files-access.ts';
import {
  reportCopy,
  reportCreated,
  reportFolders,
  reportHash,
  reportList,
  reportMove,
  reportRemove,
  reportStat,
} from '../../app/files-report.ts';
import {
  type Meter,
  type PutQuestion,
  reportGet,
  reportPut,
  type TransferIo,
} from '../../app/files-transfer.ts';
import { createProgressBar } from '../ptftp-progress.ts';
import { type ControlOptions, controlCommand, EXIT_CODES } from './control-command.ts';

type FilesOptions = ControlOptions & { readonly root?: string };
type Act<O> = (files: FileOperations, options: O & FilesOptions, names: string[]) => Promise<void>;

/** `pxectl files`: each subcommand hands its exit code to `end`. */
export function filesCommand(end: (code: number) => void): Command {
  const { stdout: out, stderr: err } = process;
  const io = { out, err };

  function one(name: string, description: string): Command {
    return controlCommand(name)
      .description(description)
      .option('--root <folder>', 'work on this folder, whether a pxed serves it or not')
      .addHelpText('after', EXIT_CODES);
  }

  /** Names are arguments, the last of which may be a list. */
  function doing<O>(command: Command, act: Act<O>): Command {
    return command.action(async () => {
      const options = command.opts<O & FilesOptions>();
      const names = command.processedArgs.flat().filter((each) => each !== undefined) as string[];
      end(await reportFiles(options, io, (files) => act(files, options, names)));
    });
  }

  const commands = [
    doing<{ recursive?: boolean }>(
      one('ls', 'show what is in a folder')
        .argument('[folder]', 'the root when left out')
        .option('-r, --recursive', 'and all below it'),
      (files, options, [path = '']) => reportList(files, { ...options, path }, io),
    ),
    putCommand(one, doing),
    doing<{ force?: boolean }>(
      one('get', 'fetch a file')
        .argument('<path>', 'of the root')
        .argument('[local]', 'file or folder of this machine, - = standard output')
        .option('--force', 'replace a file of this machine'),
      (files, options, [path = '', local]) =>
        interruptible((signal) =>
          reportGet(
            files,
            { ...options, path, local, overwrite: options.force === true },
            transferIo(signal),
          ),
        ),
    ),
    doing<{ recursive?: boolean }>(
      one('rm', 'remove files, links and folders')
        .argument('<path...>', 'of the root')
        .option('-r, --recursive', 'folders with all in them'),
      (files, options, paths) => reportRemove(files, { ...options, paths }, io),
    ),
    twoNames('mv', 'give a file, a link or a folder another name', reportMove),
    twoNames('cp', 'copy a file', reportCopy),
    doing<object>(
      one('mkdir', 'make folders, and those above them').argument('<folder...>', 'of the root'),
      (files, options, paths) => reportFolders(files, { ...options, paths }, io),
    ),
    doing<object>(
      one('stat', 'show what is known of a file, a link or a folder').argument('<path>', 'of the root'),
      (files, options, [path = '']) => reportStat(files, { ...options, path }, io),
    ),
    doing<{ md5?: boolean }>(
      one('hash', 'show the SHA-256 of files')
        .argument('<path...>', 'of the root')
        .option('--md5', 'their MD5'),
      (files, options, paths) =>
        reportHash(files, { ...options, paths, algorithm: options.md5 ? 'md5' : 'sha256' }, io),
    ),
    doing<object>(
      one('created', 'show files and folders that were made this way since pxed started'),
      (files, options) => reportCreated(files, options, io),
    ),
  ];

  function twoNames(name: 'mv' | 'cp', description: string, report: typeof reportMove): Command {
    const command = one(name, description)
      .argument('<from>', 'of the root')
      .argument('<to>', 'its new name, or a folder')
      .option('--no-overwrite', 'fail where there is a file of that name');
    return doing<{ overwrite: boolean }>(command, (files, options, [from = '', to = '']) =>
      report(files, { ...options, from, to }, io),
    );
  }

  const files = new Command('files')
    .summary('the files that are served')
    .description('see, fetch, put and change the files that a pxed serves');
  for (const each of commands) files.addCommand(each);
  return files;
}

type Doing = <O>(command: Command, act: Act<O>) => Command;
type PutOptions = Pick<PutQuestion, 'overwrite' | 'sha256' | 'byServer'> & {
  readonly opendal?: PutQuestion['storage'];
};

function putCommand(one: (name: string, description: string) => Command, doing: Doing): Command {
  const command = one('put', 'store a file, whole or not at all; one that is there already is left alone')
    .argument('<source>', 'file, - = standard input, http(s) URL, or other storage like s3://bucket/path')
    .argument('[path]', 'name or folder in the root; the source’s own name when left out')
    .option('--no-overwrite', 'fail where there is a file of that name')
    .option('--sha256 <hex>', 'store it only if this is its SHA-256', sha256Argument)
    .addOption(
      new Option('--by-server', 'have pxed fetch the URL itself, which control.fetch must allow').conflicts(
        'root',
      ),
    )
    .option(
      '--opendal <key=value>',
      'setting of other storage, in OpenDAL’s words; again for more',
      settingArgument,
    )
    .addHelpText(
      'after',
      '\nExamples:  pxectl files put vmlinuz debian/' +
        '\n           pxectl files put s3://boot/grubx64.efi --opendal region=eu-west-1\n',
    );
  return doing<PutOptions>(command, (files, { opendal = {}, ...options }, [source = '', path]) =>
    interruptible((signal) =>
      reportPut(files, { ...options, source, path, storage: opendal }, transferIo(signal)),
    ),
  );
}

function sha256Argument(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected 64 hex digits.');
}

function settingArgument(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, key, value] = /^([a-z0-9_]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('Expected a setting like region=eu-west-1.');
  }
  return { ...before, [key]: value };
}

function transferIo(signal: AbortSignal): TransferIo {
  const { stdout, stderr, stdin } = process;
  return { out: stdout, err: stderr, stdout, stdin, signal, meter };
}

/** Drawn on a terminal; nothing is shown elsewhere. */
function meter(name: string): Meter {
  if (!process.stderr.isTTY) return { update() {}, clear() {} };
  return createProgressBar(name, process.stderr, () => performance.now());
}

/** What is interrupted takes back what it has stored so far. */
async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  try {
    await work(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}
