import type { BootEvent, ClientFacts } from '../../src/events/event.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { explain } from '../../src/timeline/explain.ts';
import { type Facts, type FileFacts, NO_FACTS } from '../../src/timeline/explanation.ts';
import { createLedger, type LedgerParts } from '../../src/timeline/ledger.ts';

export const MAC = '52:54:00:00:00:01';
export const IP = '192.168.77.50';
const IP_NUMBER = parseIpv4(IP)!;

/** An event, a number of ms after the one before. */
export type Step = readonly [event: BootEvent, afterMs: number];

type Facets = Partial<ClientFacts> & {
  readonly file?: string;
  readonly later?: true;
  readonly reason?: string;
};

export function offer(facts: Facets = {}): Step {
  const about = { mac: MAC, arch: 'x86PC', stage: 'rom' as const, xid: 1 };
  return [{ type: 'dhcp.offer', ip: IP_NUMBER, file: 'pxelinux.0', ...about, ...facts }, 10];
}

/** An offer without a boot file. */
export function bareOffer(facts: Partial<ClientFacts> = {}): Step {
  return [{ type: 'dhcp.offer', ip: IP_NUMBER, mac: MAC, arch: 'x86PC', stage: 'rom', ...facts }, 10];
}

export function ack(facts: Facets = {}): Step {
  return [{ type: 'dhcp.ack', ip: IP_NUMBER, mac: MAC, arch: 'x86PC', stage: 'rom', ...facts }, 10];
}

export function ignored(
  why: string,
  facts: Facets & { ip?: number; messageType?: string; detail?: string } = {},
): Step {
  return [
    { type: 'dhcp.ignored', messageType: 'DISCOVER', why, mac: MAC, arch: 'x86PC', stage: 'rom', ...facts },
    10,
  ];
}

/** As a proxy: told its file, and overheard while it takes an address elsewhere. */
export function proxied(facts: Facets & { menu?: number } = {}): Step[] {
  const about = { mac: MAC, arch: 'x86-64_EFI', stage: 'rom' as const };
  return [
    [{ type: 'dhcp.proxy-offer', ...about, ...facts }, 10],
    [{ type: 'dhcp.ignored', messageType: 'REQUEST', why: 'address-server', ip: IP_NUMBER, ...about }, 3000],
  ];
}

const PEER = { peer: IP, port: 2000 };
const TERMS = { blksize: 1408, windowsize: 1 };

export function started(file: string, sizeBytes = 1000): Step {
  return [{ type: 'tftp.started', ...PEER, ...TERMS, file, write: false, sizeBytes }, 5];
}

export function done(file: string, more: { bytes?: number; rendered?: string; path?: string } = {}): Step {
  const { bytes = 1000, ...rest } = more;
  return [
    {
      type: 'tftp.done',
      ...PEER,
      ...TERMS,
      file,
      write: false,
      bytes,
      tookMs: 5,
      retransmissions: 0,
      ...rest,
    },
    5,
  ];
}

/** Asked for and delivered. */
export function fetched(file: string, bytes = 1000): Step[] {
  return [started(file, bytes), done(file, { bytes })];
}

export function failed(
  file: string,
  bytes: number,
  more: { failure?: string; detail?: string; blksize?: number } = {},
): Step {
  const { failure = 'timeout', ...rest } = more;
  const about = { ...PEER, ...TERMS, file, write: false, bytes, tookMs: 30_000, retransmissions: 9 };
  return [{ type: 'tftp.failed', ...about, failure, ...rest }, 30_000];
}

export function refused(
  file: string,
  failure = 'not-found',
  more: { search?: true; optional?: true; detail?: string } = {},
): Step {
  return [{ type: 'tftp.refused', ...PEER, file, write: false, code: 1, failure, ...more }, 2];
}

export function configured(
  winner: string | undefined,
  tried: readonly string[] = [],
  more: { rendered?: string; reason?: string } = {},
): Step[] {
  const searched = tried
    .filter((name) => name !== winner)
    .map((name) => refused(name, 'not-found', { search: true }));
  return [
    ...searched,
    [{ type: 'tftp.config', ...PEER, ...(winner !== undefined && { winner }), tried, ...more }, 1],
  ];
}

/** A BIOS machine up to its loader. */
export function bios(): Step[] {
  return [offer(), ack(), ...fetched('pxelinux.0', 42_000), ...fetched('ldlinux.c32', 120_000)];
}

/** A UEFI machine up to its loader. */
export function uefi(file = 'syslinux.efi'): Step[] {
  const arch = 'x86-64_EFI';
  return [offer({ arch, file }), ack({ arch, file }), ...fetched(file, 200_000)];
}

export const START = 1_800_000_000_000;

export function createStory(steps: readonly Step[], parts: LedgerParts = {}) {
  const ledger = createLedger(parts);
  let at = START;
  for (const [event, afterMs] of steps) {
    at += afterMs;
    ledger.hear({ at, event });
  }
  return { ledger, at };
}

export type Tree = Readonly<Record<string, Partial<FileFacts>>>;

/** What is said of the machine of these events, so long after the last of them. */
export function explained(
  steps: readonly Step[],
  { quietMs = 60_000, tree, facts = {} }: { quietMs?: number; tree?: Tree; facts?: Partial<Facts> } = {},
) {
  const { ledger } = createStory(steps);
  const machine = ledger.find(MAC) ?? ledger.find(IP)!;
  const boot = machine.boots.at(-1)!;
  const file = (path: string): FileFacts | undefined => {
    const found = tree?.[path];
    return tree && { exists: found !== undefined && !found.link, ...found };
  };
  return explain({ boot, arch: machine.arch }, { ...NO_FACTS, file, ...facts }, boot.last + quietMs);
}
