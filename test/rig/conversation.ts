/** What a machine and its server said to one another, out of a capture; and what `pxectl simulate` says to the same. */
import { join } from 'node:path';
import { decode, hardwareAddress, Op } from '../../src/dhcp-packet/index.ts';
import { parseUdpFrame } from '../../src/frame/udp.ts';
import { toHex } from '../../src/lib/bytes.ts';
import { decodeRequest } from '../../src/tftp-packet/index.ts';
import type { Capture } from './capture.ts';
import type { Host } from './lab.ts';
import { framesOf } from './pcap.ts';
import { PROJECT } from './server.ts';

export type Conversation = {
  /** DHCP and BOOTP messages in hex, in the order of the capture. */
  readonly requests: readonly string[];
  readonly replies: readonly string[];
  /** Names that were asked for by TFTP, each once, in the order first asked. */
  readonly asked: readonly string[];
};

/** All of one machine. The capture may go on. */
export async function conversationOf(capture: Capture, mac: string): Promise<Conversation> {
  await capture.settled();
  const requests: string[] = [];
  const replies: string[] = [];
  const asked = new Set<string>();
  for (const frame of framesOf(capture.path)) {
    const read = parseUdpFrame(frame, { checksum: 'ignored' });
    if (!read.ok) continue;
    const { fromMac, toPort, payload } = read.value;
    if (toPort === 69 && fromMac === mac) {
      const request = decodeRequest(payload);
      if (request.ok) asked.add(request.value.filename);
    }
    if (toPort !== 67 && toPort !== 68) continue;
    const decoded = decode(payload);
    if (!decoded.ok || hardwareAddress(decoded.value.packet) !== mac) continue;
    (decoded.value.packet.op === Op.REQUEST ? requests : replies).push(toHex(payload));
  }
  return { requests, replies, asked: [...asked] };
}

type Reply = { hex: string; header: Record<string, string> };
type Lookup = { name: string; found: string; profile?: string };

export type Simulation = {
  exchanges: { request: { hex: string }; reply?: Reply; rules: string[] }[];
  lookups?: { loader?: string; bootFile: Lookup; names: Lookup[] };
};

/** `pxectl simulate --json` on that host. */
export async function simulateOn(host: Host, args: readonly string[]): Promise<Simulation> {
  const pxectl = join(PROJECT, 'bin/pxectl.ts');
  const text = await host.must([process.execPath, pxectl, 'simulate', '--json', ...args], {
    timeoutMs: 60_000,
  });
  return JSON.parse(text) as Simulation;
}

/** The options that put a captured conversation's requests in. */
export function saying(requests: readonly string[]): string[] {
  return requests.flatMap((hex) => ['--request', hex]);
}

export function repliesOf({ exchanges }: Simulation): string[] {
  return exchanges.flatMap(({ reply }) => (reply ? [reply.hex] : []));
}
