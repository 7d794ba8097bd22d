/** A virtual machine with real firmware, network card on our TAP device, its screen on a serial line. */
import type { Mac } from '../lib/mac.ts';
import { CONFIG_PROOF, MARKER } from './boot-files.ts';
import type { RealParts } from './parts.ts';
import { startProcess } from './process.ts';

/** Emulation on a slow, busy computer needs a few times the usual 8 s. */
const LONGEST_BOOT_MS = 240_000;

export type RealBoot = { readonly ok: boolean; readonly detail: string };

export type RealMachine = {
  readonly parts: RealParts;
  readonly mac: Mac;
  readonly uuid: string;
  /** Descriptor of the TAP device. */
  readonly tapFd: number;
};

/** Arguments for QEMU. TCG runs everywhere; a restart ends the program, which is how our init says that it is done. */
export function qemuArguments({ mac, uuid }: Pick<RealMachine, 'mac' | 'uuid'>): string[] {
  return [
    ['-accel', 'tcg', '-m', '256', '-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none', '-machine', 'graphics=off', '-serial', 'stdio', '-monitor', 'none'],
    ['-netdev', 'tap,id=net0,fd=3'],
    ['-device', `virtio-net-pci,netdev=net0,mac=${mac},bootindex=0`],
    ['-uuid', uuid],
  ].flat();
}

/** Boots until the machine proves by a line of its own which configuration it got, stops, fails or is aborted. */
export async function bootRealMachine(
  machine: RealMachine,
  options: { readonly signal: AbortSignal; readonly onLine: (line: string) => void },
): Promise<RealBoot> {
  const proof = Promise.withResolvers<RealBoot>();
  let proven = false;
  const qemu = startProcess(machine.parts.qemu, qemuArguments(machine), {
    handOver: machine.tapFd,
    onLine(line) {
      if (!proven) options.onLine(line); // what it says when it is switched off is of no interest
      if (!line.includes(MARKER)) return;
      proven = true;
      const ok = line.includes(CONFIG_PROOF);
      proof.resolve({ ok, detail: ok ? line : `it came up with another configuration: ${line}` });
    },
  });
  const timer = setTimeout(
    () => proof.resolve({ ok: false, detail: `no sign of life within ${LONGEST_BOOT_MS / 1000} s` }),
    LONGEST_BOOT_MS,
  );
  const aborted = () => proof.resolve({ ok: false, detail: 'interrupted' });
  options.signal.addEventListener('abort', aborted, { once: true });
  if (options.signal.aborted) aborted();
  qemu.ended.then((code) => proof.resolve({ ok: false, detail: `QEMU ended early with exit code ${code}` }));
  const result = await proof.promise;
  clearTimeout(timer);
  options.signal.removeEventListener('abort', aborted);
  proven = true;
  await qemu.stop(2000);
  return result;
}
