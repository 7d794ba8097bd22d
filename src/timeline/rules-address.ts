/** Rules about DHCP and BOOTP: who is not answered, and who does nothing with the answer. */

import { because } from '../events/because.ts';
import { REASONS } from '../events/reason-table.ts';
import { own } from '../lib/own.ts';
import type { Case, Finding, Rule } from './case.ts';
import { IGNORED_FIXES } from './ignored-table.ts';
import type { Mark } from './mark.ts';

/** Firmware that waits for something, and a machine that has been switched off, look the same until then. */
const PATIENCE_MS = 20_000;

const ignored: Rule = ({ view }) => {
  const mark = view.ignored.at(-1);
  if (!mark?.why) return undefined;
  const { why, detail, messageType = 'request' } = mark;
  const words = own(REASONS, why) ?? why;
  const text = `its ${messageType} was ignored: ${detail === undefined ? words : `${words} (${detail})`}`;
  const fix = own(IGNORED_FIXES, why);
  // One that was answered otherwise tried another way besides.
  const answered = view.offered ?? view.told ?? view.address;
  return {
    ...{ code: `ignored-${why}`, text, ...(fix !== undefined && { fix }) },
    certainty: answered ? 'possible' : 'sure',
  };
};

const exhausted: Rule = ({ view }) => {
  const mark = view.exhausted;
  if (!mark || view.address) return undefined;
  return {
    code: 'pool-exhausted',
    text: `there is no address left for it: pool ${mark.detail ?? ''} is full`,
    fix: 'widen the range, shorten the leases, or release what is not used: pxectl leases list',
    certainty: 'sure',
    fatalMs: 0,
  };
};

const noAddress: Rule = ({ view }) => {
  if (!view.noAddress || view.address) return undefined;
  const why = view.noAddress.why ?? '';
  const text = `it was told to do without an address: ${own(REASONS, why) ?? why}`;
  return { code: 'no-address', text, certainty: 'sure', fatalMs: PATIENCE_MS };
};

const refused: Rule = ({ view }) => {
  const last = view.naks.at(-1);
  if (!last || view.address) return undefined;
  const times = view.naks.reduce((sum, { times: count = 1 }) => sum + count, 0);
  const text = `it was refused ${last.ip ?? 'its address'}${times > 1 ? ` ${times} times` : ''}: ${own(REASONS, last.why ?? '') ?? last.why}`;
  return {
    ...{ code: 'address-refused', text, certainty: 'likely' },
    fix: 'look whether another DHCP server gives it that address: pxectl doctor',
    fatalMs: PATIENCE_MS,
  };
};

const declined: Rule = ({ view }) => {
  if (!view.declined || view.address) return undefined;
  return {
    code: 'address-in-use',
    text: `it declined ${view.declined.ip}: somebody else uses that address`,
    fix: 'find who has it (arping), and take it out of the range',
    certainty: 'sure',
    fatalMs: PATIENCE_MS,
  };
};

/** It hears the offer of somebody else first, or takes it for a better one. */
const takenFromOther: Rule = ({ view, facts }) => {
  if (!view.offered || view.address) return undefined;
  const other = facts.servers?.find(({ kind }) => kind === 'address');
  if (!other) return undefined;
  return {
    code: 'other-server',
    text: `it was offered an address and did not take it; ${other.ip} on ${other.interface} gives addresses, too`,
    fix: 'leave the addresses to that server (mode: proxy), or switch it off',
    certainty: 'likely',
    fatalMs: PATIENCE_MS,
  };
};

/** EDK2 passes over an offer without a boot file, and asks again. */
const offeredNoFile: Rule = ({ view }) => {
  const { offered, address } = view;
  if (!offered || address || offered.file !== undefined || offered.later || offered.stage !== 'rom')
    return undefined;
  return {
    code: 'no-file-told',
    text: 'its offer names no boot file, and UEFI passes over such an offer',
    fix: 'put a loader for it into the root (pxectl loaders install), or name one: boot.arch',
    certainty: 'likely',
    fatalMs: PATIENCE_MS,
  };
};

const answerLost: Rule = ({ view }) => {
  const mark = view.offered;
  if (!mark || view.address) return undefined;
  const times = mark.times ?? 1;
  const often = times > 1 ? ` ${times} times` : '';
  return {
    code: 'offer-not-taken',
    text: `it was offered ${mark.ip}${often} and did not take it: the answer does not reach it, or it does not like it`,
    fix: 'look for a firewall on UDP port 68 and for VLANs or relays that lead one way only; look at its screen',
    certainty: 'likely',
    fatalMs: PATIENCE_MS,
  };
};

/** A proxyDHCP answer alone makes nobody boot. */
const nobodyGivesAddresses: Rule = ({ view }) => {
  if (!view.told || view.address || view.offered || view.told4011 || view.files.length > 0) return undefined;
  return {
    code: 'no-address-server',
    text: 'it was told what to boot, and was not seen to take an address from any server',
    fix: 'look whether the DHCP server of this network is there, or let pxed give addresses: mode: dhcp',
    certainty: 'likely',
    fatalMs: PATIENCE_MS,
  };
};

/** What firmware may ask for by itself before it is heard; longer, and something was in the way. */
const HEARD_LATE = 4;
/** GRUB's clock begins anywhere (59655 was seen); nobody waits for longer. */
const BELIEVED_MOST = 300;

/**
 * A switch port that has just come up forwards nothing for 30 seconds while spanning tree listens and learns (IEEE 802.1D §8.4).
 * The machine asks meanwhile, and its first request that gets through tells for how long.
 */
const spanningTree: Rule = ({ view }) => {
  const first = view.marks.find(isFirmwares);
  const secs = first?.secs ?? 0;
  if (secs < HEARD_LATE || secs > BELIEVED_MOST || (first?.times ?? 1) < 1) return undefined;
  return {
    code: 'heard-late',
    text: `the first request of it that arrived says that it had been asking for ${secs} s: what it sent before got lost`,
    fix: 'switch spanning tree to edge ports for machines (portfast), or look at cable and link negotiation',
    certainty: view.address ? 'possible' : 'likely',
    note: true,
  };
};

function isFirmwares({ what, stage }: Mark): boolean {
  return (
    (what === 'offered' || what === 'told-file' || what === 'ignored') &&
    (stage === 'rom' || stage === 'ipxe')
  );
}

const malformed: Rule = ({ view }) => {
  const mark = view.marks.find(({ what }) => what === 'malformed');
  if (!mark || view.address) return undefined;
  const text = `it sent octets that are no DHCP message: ${because({ failure: mark.why ?? '' })}`;
  return { code: 'malformed', text, certainty: view.offered ? 'possible' : 'sure' };
};

/** In the order in which they explain. */
export const ADDRESS_RULES: readonly Rule[] = [
  exhausted,
  noAddress,
  declined,
  refused,
  takenFromOther,
  offeredNoFile,
  answerLost,
  nobodyGivesAddresses,
  malformed,
  ignored,
  spanningTree,
];

/** Is the machine one whose every word was ignored? */
export function isIgnored({ view }: Case, findings: readonly Finding[]): boolean {
  const answered = view.offered ?? view.told ?? view.address ?? view.told4011;
  return !answered && view.files.length === 0 && findings.some(({ code }) => code.startsWith('ignored-'));
}
