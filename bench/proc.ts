import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children have used, from proc(5). */
export type Usage = { readonly cpuSeconds: number; readonly rssBytes: number };

const TICKS_PER_SECOND = 100;
const PAGE = 4096;

/** Sums over the process, the children it waited for, and those that still run. */
export function usageOf(pid: number): Usage {
  let ticks = 0;
  let pages = 0;
  for (const each of [pid, ...descendants(pid)]) {
    const fields = statOf(each);
    if (!fields) continue;
    for (const index of [11, 12, 13, 14]) ticks += Number(fields[index]);
    pages += Number(fields[21]);
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: pages * PAGE };
}

/** Seconds a processor has been busy since it started, for whomever. */
export function busySeconds(cpu: number): number {
  const line = readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .find((each) => each.startsWith(`cpu${cpu} `));
  const [, user, nice, system, idle, wait, irq, softirq] = (line ?? '').split(/\s+/).map(Number);
  return (user! + nice! + system! + irq! + softirq! + 0 * (idle! + wait!)) / TICKS_PER_SECOND;
}

function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function descendants(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => Number(statOf(each)?.[1]) === pid);
  return [...children, ...children.flatMap(descendants)];
}
