import { type Finding, good, unknown, warning } from './finding.ts';
import type { Look } from './look.ts';

/** pxed did not exist before: a clock that says so has stopped, or was never set. */
const FIRST = Date.UTC(2026, 0, 1);
/** Certificates and leases end; no clock of a machine that is in use is as far ahead. */
const LAST = Date.UTC(2050, 0, 1);

/** Is the time sane, and does somebody keep it so? Leases, histories and signed boot files live by it. */
export async function checkClock({
  now,
  run,
  names,
}: Pick<Look, 'now' | 'run' | 'names'>): Promise<Finding[]> {
  const says = new Date(now).toISOString().slice(0, 16).replace('T', ' ');
  if (now < FIRST || now > LAST) {
    const text = `the clock says ${says} UTC: leases and signatures of boot files end by it`;
    return [warning('clock', text, 'Set it: timedatectl set-time, or date -s; a battery may be empty')];
  }
  const asked = await run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  const answer = asked?.status === 0 ? asked.out.trim() : undefined;
  const marked = names('/run/systemd/timesync').includes('synchronized');
  if (answer === 'yes' || marked) return [good('clock', `the clock says ${says} UTC, and is kept by NTP`)];
  const fix = 'timedatectl set-ntp true, or install chrony';
  if (answer === 'no') return [warning('clock', `nobody keeps the clock right; it says ${says} UTC`, fix)];
  return [unknown('clock', `the clock says ${says} UTC; whether somebody keeps it right cannot be seen`)];
}
