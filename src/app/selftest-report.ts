import { archOf } from '../boot/arch-table.ts';
import { DHCP_RETRY_MS } from '../client/discover.ts';
import type { RomIdentity } from '../client/rom-identity.ts';
import { slowNote } from '../client/slow-step.ts';
import type { Step, Verdict } from '../client/step.ts';
import { harmless } from '../lib/harmless.ts';
import { formatIpv4 } from '../lib/ipv4.ts';

/** One station, as a line, and what is worth a remark below it. */
export function stepLines(step: Step): string {
  const { ok, tookMs, detail } = step;
  const lines = [
    `${ok ? ' ok ' : 'FAIL'}  ${step.step.padEnd(13)} ${formatMs(tookMs).padStart(9)}  ${detail}`,
  ];
  for (const note of notesOf(step)) lines.push(`${' '.repeat(31)}note: ${note}`);
  // Names and words of whatever server answered.
  return `${lines.map(harmless).join('\n')}\n`;
}

/** The last line: would this machine boot? */
export function verdictLine(verdict: Verdict, tookMs: number): string {
  const failed = verdict.steps.find(({ ok }) => !ok);
  if (failed?.step === 'given-up') return unknownLine(verdict, failed);
  if (failed) return `It would not boot: ${failed.step}, ${harmless(failed.why ?? 'failed')}\n`;
  return `It would boot, ${ENDS[verdict.ended]}, in ${formatMs(tookMs)}\n`;
}

/** Nobody waited for its end: that says nothing against the server. */
function unknownLine({ steps }: Verdict, { why, detail }: Step): string {
  const line = `It is not known whether it would boot: ${harmless(detail)}`;
  if (why !== 'timeout') return `${line}\n`;
  const patience =
    steps[0]?.step === 'given-up' ? `; firmware waits ${formatMs(PATIENCE_MS)} for an address` : '';
  return `${line}${patience}. Give it longer: --timeout\n`;
}

const PATIENCE_MS = DHCP_RETRY_MS.reduce((sum, ms) => sum + ms, 0);

const ENDS: Readonly<Record<Verdict['ended'], string>> = {
  kernel: 'its kernel and initrd are loaded',
  'local-boot': 'from its own disk',
  'foreign-loader': 'as far as can be told: what its loader asks for is not known here',
  failed: 'not at all',
};

export type Told = { readonly rom: RomIdentity; readonly where: string; readonly tookMs: number };

/** All of it, for machines. */
export function verdictJson(verdict: Verdict, { rom, where, tookMs }: Told): object {
  const failed = verdict.steps.find(({ ok }) => !ok);
  const { lease, config } = verdict;
  return {
    ok: verdict.ok,
    ended: verdict.ended,
    ...(failed && { failed: { step: failed.step, why: failed.why, detail: failed.detail } }),
    machine: { mac: rom.mac, firmware: rom.firmware ?? 'bios', arch: archOf(rom.arch ?? 0).name },
    at: where,
    ...(rom.server !== undefined && { server: formatIpv4(rom.server) }),
    ...(lease && {
      lease: {
        address: `${formatIpv4(lease.ip)}/${lease.prefixLength}`,
        ...(lease.leaseSeconds !== undefined && { leaseSeconds: lease.leaseSeconds }),
        dhcpServer: formatIpv4(lease.dhcpServer),
        bootServer: formatIpv4(lease.bootServer),
        bootFile: lease.bootFile,
      },
    }),
    ...(config !== undefined && { config }),
    tookMs: Math.round(tookMs),
    steps: verdict.steps.map((step) => ({
      step: step.step,
      ok: step.ok,
      tookMs: round(step.tookMs),
      detail: step.detail,
      ...(step.why !== undefined && { why: step.why }),
      ...(step.asked !== undefined && { asked: step.asked }),
      ...(step.sizeBytes !== undefined && { sizeBytes: step.sizeBytes }),
      ...(notesOf(step).length > 0 && { notes: notesOf(step) }),
    })),
  };
}

function notesOf(step: Step): readonly string[] {
  const slow = slowNote(step);
  return [...(step.notes ?? []), ...(slow === undefined ? [] : [slow])];
}

/** `3.2 ms`, `145 ms`, `3.0 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
