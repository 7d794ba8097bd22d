import { constants } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type SelftestQuestion, selftest } from '../../app/selftest.ts';
import { SELFTEST_ARCHS, SELFTEST_FIRMWARES, selftestArch } from '../../app/selftest-machine.ts';
import { nearNames } from '../../lib/near.ts';
import { ipv4Argument, macArgument, wholeNumber } from '../arguments.ts';

type Given = {
  readonly server?: number;
  readonly interface?: string;
  readonly relay?: number;
  readonly arch?: number;
  readonly firmware?: string;
  readonly mac?: string;
  readonly release?: boolean;
  readonly clients: number;
  readonly rate: number;
  readonly timeout: number;
  readonly json?: boolean;
};

/** `pxectl selftest`: hands its exit code to `end`. */
export function selftestCommand(end: (code: number) => void): Command {
  return new Command('selftest')
    .summary('boot a machine that does not exist')
    .description(
      'boot machines that do not exist from any server, as firmware and loaders do, and say where it goes wrong',
    )
    .option('--server <address>', 'the server that is to boot them', ipv4Argument)
    .option('--interface <name>', 'where they are connected (default: the one near the server)')
    .option(
      '--relay <address>',
      'ask as a relay agent at this address of ours, without broadcasts',
      ipv4Argument,
    )
    .option(
      '--arch <name>',
      'architecture: bios, x64-efi, arm64-efi…, or a name or number of option 93',
      archArgument,
    )
    .addOption(
      new Option(
        '--firmware <kind>',
        'whose manners they have (default: what goes with --arch, or bios)',
      ).choices(SELFTEST_FIRMWARES),
    )
    .option(
      '--mac <address>',
      'a machine that exists, while it is switched off (default: a synthetic one)',
      macArgument,
    )
    .option('--release', 'with --mac: give the address back all the same')
    .option('--clients <count>', 'so many machines: a storm', wholeNumber(1, 50_000), 1)
    .option('--rate <count>', 'of a storm: machines switched on in a second', wholeNumber(1, 50_000), 100)
    .option(
      '--timeout <seconds>',
      'how long one machine may take; firmware waits 15 s for an address',
      wholeNumber(1, 86_400),
      300,
    )
    .option('--json', 'print all of it as JSON')
    .allowExcessArguments(false)
    .addHelpText('after', HELP)
    .action(async (given: Given) => end(await run(given)));
}

const HELP = `
It needs root, or CAP_NET_RAW (an interface) or CAP_NET_BIND_SERVICE (a relay). Addresses are given back at the end.

Exit code: 0 = they would boot, 1 = one would not, or it cannot be tried, 2 = usage

Examples:  pxectl selftest --server 192.168.77.1 --interface eth0
           pxectl selftest --server 10.1.0.5 --relay 10.2.0.1 --arch x64-efi --json
`;

async function run(given: Given): Promise<number> {
  const { stdout: out, stderr: err } = process;
  let signalled: number | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    signalled = constants.signals[name];
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => onSignal(name));
  const { timeout, json = false, ...rest } = given;
  const question: SelftestQuestion = { ...rest, timeoutMs: timeout * 1000, json };
  const code = await selftest(question, {
    out,
    err,
    now: () => performance.now(),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
    stopped: () => signalled !== undefined,
  });
  return signalled === undefined ? code : 128 + signalled;
}

function archArgument(text: string): number {
  const code = selftestArch(text);
  if (code !== undefined) return code;
  const [near] = nearNames(text, SELFTEST_ARCHS, 1);
  throw new InvalidArgumentError(
    near === undefined
      ? `Expected one of ${SELFTEST_ARCHS.join(', ')}, or a number.`
      : `Did you mean ${near}?`,
  );
}
