import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ARCH_NAMES } from '../../app/arch-names.ts';
import { EXIT } from '../../app/exit-codes.ts';
import { MACHINE_STAGES, type Machine, reportSimulation } from '../../app/simulate-report.ts';
import { whyUnreadable } from '../../app/why-unreadable.ts';
import { fromHex } from '../../lib/bytes.ts';
import {
  ADDRESSING,
  archArgument,
  DHCP,
  HTTP,
  ipv4Argument,
  macArgument,
  uuidArgument,
} from '../arguments.ts';
import { type Options, setupOf } from '../setup-of.ts';

type Given = Options & {
  readonly mac?: string;
  readonly arch?: string;
  readonly request?: readonly Uint8Array[];
  readonly ip?: number;
  readonly proxy?: boolean;
  readonly interface?: string;
  readonly json?: boolean;
};

/** `pxectl simulate [root [boot-file]]`: hands its exit code to `end`. */
export function simulateCommand(end: (code: number) => void): Command {
  const command = new Command('simulate')
    .summary('say what a machine would get')
    .description('say what a machine would get, and why; no pxed has to run, and nothing is sent')
    .argument('[root]', 'folder that is served (default: tftp.root of the configuration)')
    .argument('[boot-file]', 'boot file for BIOS machines (default: boot.filename of the configuration)')
    .option('-c, --config <file>', 'configuration of pxed')
    .option('--mac <address>', 'the machine', macArgument)
    .option('--arch <name>', 'its firmware, name or number of option 93', archArgument)
    .addOption(
      new Option('--stage <stage>', 'who asks by DHCP (default: rom)').choices(MACHINE_STAGES.map(String)),
    )
    .option('--uuid <uuid>', 'as dmidecode prints it', uuidArgument)
    .option('--vendor-class <text>', 'option 60, instead of what such a machine sends', textArgument)
    .option('--hostname <name>', 'option 12', textArgument)
    .option('--via <address>', 'its relay', ipv4Argument)
    .option('--ip <address>', 'the address that it asks for, or has of another server', ipv4Argument)
    .option('--proxy', 'another server gives the addresses')
    .option('--interface <name>', 'where it is connected (default: the first of the configuration)')
    .addOption(requestOption())
    .option('--bootp', 'as pxed --bootp')
    .option('--json', 'print all of it as JSON')
    .allowExcessArguments(false)
    .addHelpText('after', HELP);
  for (const option of [...ADDRESSING, ...DHCP, ...HTTP]) command.addOption(option);
  return command.action(async (root: string | undefined, bootFile: string | undefined, given: Given) => {
    end(await run({ root, bootFile }, given));
  });
}

const HELP = `
What pxed is started with counts: options with the same names as pxed's mean the same.

Exit code: 0 = it is answered, 1 = it is not, or pxed would not start, 2 = usage or configuration

Example:   pxectl simulate -c pxed.yaml --mac 52:54:00:12:34:56 --arch x86PC /tftp pxelinux.0
`;

/** The words of the machine itself leave nothing to be said of it. */
function requestOption(): Option {
  return new Option(
    '--request <hex>',
    'what the machine sent, of a capture: hex, or a file with that or with the octets; again for its next message',
  )
    .argParser(requestArgument)
    .conflicts(['mac', 'arch', 'stage', 'uuid', 'vendorClass', 'hostname', 'via']);
}

type Names = { readonly root: string | undefined; readonly bootFile: string | undefined };

async function run({ root, bootFile }: Names, given: Given): Promise<number> {
  const { stdout: out, stderr: err } = process;
  const fail = (problems: readonly string[]): number => {
    for (const problem of problems) err.write(`pxectl: ${problem}\n`);
    return EXIT.USAGE;
  };
  const machine = machineOf(given);
  if (typeof machine === 'string') return fail([machine]);
  const setup = setupOf(
    {
      tool: 'pxed',
      positional: ['', root, bootFile].filter((name) => name !== undefined),
      options: given,
      anywhere: true,
    },
    { readText: (file) => readFileSync(file, 'utf8'), archNames: ARCH_NAMES },
  );
  if (!setup.ok) return fail(setup.problems);
  const { ip, proxy, interface: on, json } = given;
  const question = {
    machine,
    ...(ip !== undefined && { ip }),
    ...(proxy !== undefined && { proxy }),
    ...(on !== undefined && { interface: on }),
    ...(json !== undefined && { json }),
  };
  return await reportSimulation(setup.value, question, { out, err, now: Date.now });
}

function machineOf({ mac, arch, request, ...rest }: Given & Partial<Machine>): Machine | string {
  if (request) return { requests: request };
  if (mac === undefined || arch === undefined) {
    return 'Which machine? Name it by --mac and --arch, or give its own words: --request';
  }
  return { ...rest, mac, arch };
}

function textArgument(text: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 255 printable characters of ASCII.');
}

/** No message is longer than a UDP datagram; the text of one has three characters an octet. */
const LONGEST = 3 * 65_535;

function requestArgument(text: string, before: readonly Uint8Array[] = []): readonly Uint8Array[] {
  return [...before, octetsOf(text)];
}

function octetsOf(text: string): Uint8Array {
  try {
    return fromHex(text);
  } catch {
    // A name, then.
  }
  try {
    const content = readShort(text);
    const written = content.toString('latin1');
    return /^[\s:0-9a-f]*$/i.test(written) ? fromHex(written) : content;
  } catch (error) {
    throw new InvalidArgumentError(`Expected hex digits, or a file with a message: ${whyUnreadable(error)}.`);
  }
}

/** A device may have no end. Throws what node:fs throws, and RangeError. */
function readShort(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const content = Buffer.alloc(LONGEST + 1);
    let length = 0;
    while (length <= LONGEST) {
      const read = readSync(fd, content, length, content.length - length, null);
      if (read === 0) break;
      length += read;
    }
    if (length > LONGEST) throw new RangeError('it is too long for a message');
    return content.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
