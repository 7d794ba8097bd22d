import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { ARCH_NAMES } from '../../app/arch-names.ts';
import { EXIT } from '../../app/exit-codes.ts';
import { reportReplay } from '../../app/replay-report.ts';
import type { Setup } from '../../app/setup.ts';
import { whyUnreadable } from '../../app/why-unreadable.ts';
import { ADDRESSING, DHCP, HTTP, ipv4Argument, macArgument } from '../arguments.ts';
import { type Options, setupOf } from '../setup-of.ts';

type Given = Options & {
  readonly mac?: string;
  readonly server?: number;
  readonly bootFile?: string;
  readonly proxy?: boolean;
  readonly interface?: string;
  readonly json?: boolean;
};

/** `pxectl replay <capture> [root]`: hands its exit code to `end`. */
export function replayCommand(end: (code: number) => void): Command {
  const command = new Command('replay')
    .summary('what a capture would be answered')
    .description(
      'say what would be answered to the requests of a capture, beside what was; no pxed has to run, and nothing is sent',
    )
    .argument('<capture>', 'file of tcpdump or Wireshark (pcap, pcapng); - reads the standard input')
    .argument('[root]', 'folder that is served (default: tftp.root of the configuration)')
    .option('-c, --config <file>', 'configuration of pxed')
    .option('--boot-file <name>', 'boot file for BIOS machines (default: boot.filename of the configuration)')
    .option('--mac <address>', 'this machine alone', macArgument)
    .option('--server <address>', 'the address that pxed is taken to have', ipv4Argument)
    .option('--proxy', 'another server gives the addresses')
    .option('--interface <name>', 'where the requests come in (default: the first of the configuration)')
    .option('--bootp', 'as pxed --bootp')
    .option('--json', 'print all of it as JSON')
    .allowExcessArguments(false)
    .addHelpText('after', HELP);
  for (const option of [...ADDRESSING, ...DHCP, ...HTTP]) command.addOption(option);
  return command.action(async (capture: string, root?: string) => {
    end(await run({ capture, root }, command.opts<Given>()));
  });
}

const HELP = `
What pxed is started with counts: options with the same names as pxed's mean the same.

Exit code: 0 = every request is answered, 1 = one is not, or pxed would not start, 2 = usage, configuration or no capture

Example:   pxectl replay failed.pcap -c pxed.yaml
`;

type Names = {
  readonly capture: string;
  readonly root: string | undefined;
};

async function run({ capture: file, root }: Names, given: Given): Promise<number> {
  const { stdout: out, stderr: err } = process;
  const fail = (problems: readonly string[]): number => {
    for (const problem of problems) err.write(`pxectl: ${problem}\n`);
    return EXIT.USAGE;
  };
  let capture: Uint8Array;
  try {
    capture = readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    return fail([`Cannot read ${file}: ${whyUnreadable(error)}`]);
  }
  const setup = setupOf(
    {
      tool: 'pxed',
      positional: ['', root].filter((name) => name !== undefined),
      options: given,
      anywhere: true,
    },
    { readText: (path) => readFileSync(path, 'utf8'), archNames: ARCH_NAMES },
  );
  if (!setup.ok) return fail(setup.problems);
  const { mac, server, bootFile, proxy, interface: on, json } = given;
  const question = {
    capture,
    ...(mac !== undefined && { mac }),
    ...(server !== undefined && { server }),
    ...(proxy !== undefined && { proxy }),
    ...(on !== undefined && { interface: on }),
    ...(json !== undefined && { json }),
  };
  return await reportReplay(withBootFile(setup.value, bootFile), question, { out, err, now: Date.now });
}

function withBootFile(setup: Setup, filename: string | undefined): Setup {
  const { config } = setup;
  return filename === undefined
    ? setup
    : { ...setup, config: { ...config, boot: { ...config.boot, filename } } };
}
