import { readCapture } from '../frame/pcapng.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { plural } from '../lib/plural.ts';
import { EXIT } from './exit-codes.ts';
import { printJson } from './output/json.ts';
import { harmless } from './output/table.ts';
import { type ReplayStep, replay } from './replay.ts';
import { type ReplayItem, replayItems, serverOf } from './replay-items.ts';
import type { Setup } from './setup.ts';
import { describeLink } from './simulated-link.ts';
import type { Shelf } from './simulated-lookups.ts';
import { openShelf, type ShelfIo, type ShelfQuestion } from './simulated-shelf.ts';
import { formatStartProblem, StartProblem } from './start-problem.ts';

export type ReplayIo = ShelfIo & {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
};

export type ReplayQuestion = ShelfQuestion & {
  /** Contents of a capture file. */
  readonly capture: Uint8Array;
  /** This machine alone. */
  readonly mac?: Mac;
  readonly json?: boolean;
};

/**
 * `pxectl replay`: says what a pxed with this setup would answer to the requests of a capture, beside what was answered there. No port
 * is opened, nothing is sent or written. Resolves to the exit code: 0 when every request that is for pxed is answered, 1 when
 * one is not or pxed would not start, 2 for what is no capture.
 */
export async function reportReplay(setup: Setup, question: ReplayQuestion, io: ReplayIo): Promise<number> {
  const read = readCapture(question.capture);
  if (!read.ok) {
    io.err.write(`pxectl: That is no capture of tcpdump or Wireshark: ${read.reason}\n`);
    return EXIT.USAGE;
  }
  const { packets, broken } = read.value;
  const { items, others } = replayItems(packets, setup.config.tftp.port);
  try {
    const { shelf, notes, close } = await openShelf(setup, question, io);
    try {
      const steps = replay(items, shelf).filter(
        ({ machine }) => question.mac === undefined || machine === question.mac,
      );
      const replayed: Replayed = {
        where: describeLink(shelf.link),
        steps,
        notes: [
          ...notes,
          ...(broken === undefined ? [] : [`the file breaks off: ${broken}`]),
          ...(others > 0
            ? [`${plural(others, 'packet')} of ${packets.length}: no request, and no first answer to one`]
            : []),
          ...strangers(items, shelf),
        ],
      };
      if (question.json) printJson(io.out, replayedJson(replayed));
      else io.out.write(replayedText(replayed));
      return steps.some(isUnanswered) ? EXIT.START : EXIT.OK;
    } finally {
      close();
    }
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    io.err.write(`${formatStartProblem('pxectl', error)}\n`);
    return EXIT.START;
  }
}

type Replayed = {
  readonly where: string;
  readonly steps: readonly ReplayStep[];
  /** What was assumed, and what was left out. */
  readonly notes: readonly string[];
};

function isUnanswered({ would }: ReplayStep): boolean {
  return would[0]!.startsWith('no answer');
}

/** Servers of the capture whose place pxed could take: requests name them, and are otherwise for somebody else. */
function strangers(items: readonly ReplayItem[], { links }: Shelf): string[] {
  const own = new Set(links.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
  const servers = new Set<Ipv4>();
  for (const item of items) {
    if (item.kind !== 'dhcp') continue;
    for (const answer of item.answers) if (answer.packet.yiaddr !== 0) servers.add(serverOf(answer));
  }
  return [...servers]
    .filter((ip) => !own.has(ip))
    .map((ip) => `${formatIpv4(ip)} gave addresses there: --server ${formatIpv4(ip)} puts pxed in its place`);
}

/** For people, a request after the other. */
export function replayedText({ where, steps, notes }: Replayed): string {
  const head = [`On ${where}`, ...notes.map((note) => `  (${note})`)];
  if (steps.length === 0) head.push('', 'No request to a DHCP, BOOTP or TFTP server is in it.');
  return `${[...head, ...steps.flatMap(stepLines)].map(harmless).join('\n')}\n`;
}

function stepLines({ at, vlans, machine, asked, would, was, differs }: ReplayStep): string[] {
  const tags = vlans.length === 0 ? '' : ` on VLAN ${vlans.join(' in ')}`;
  const [answer = '', ...reasons] = would;
  const compared =
    differs === undefined
      ? ''
      : differs.length === 0
        ? ' (the same)'
        : ` (not the same: ${differs.join(', ')})`;
  return [
    '',
    `${new Date(at).toISOString().slice(11, 23)}  ${machine}${tags}  ${asked}`,
    `  would be  ${answer}`,
    ...reasons.map((reason) => `            ${reason}`),
    ...was.map((one, index) => `  was       ${one}${index === was.length - 1 ? compared : ''}`),
  ];
}

function replayedJson({ where, steps, notes }: Replayed): unknown {
  return {
    interface: where,
    notes,
    steps: steps.map(({ at, would, ...step }) => ({
      at: new Date(at).toISOString(),
      ...step,
      would: would[0],
      reasons: would.slice(1),
    })),
  };
}
