import { pcapHeader, pcapRecord } from '../frame/pcap.ts';
import { parseIpv4 } from '../lib/ipv4.ts';
import { parseMac } from '../lib/mac.ts';
import type { KeptPacket } from '../server/capture/packet-ring.ts';
import type { CaptureFile, CaptureOperations, Captures } from '../server/control/capture-routes.ts';
import { ControlError } from '../server/control/control-error.ts';
import type { Capture } from './capture.ts';

/** What waits for a reader that does not read; a packet past it is left out. */
const MOST_WAITING = 1000;

/** The operations of the control API on a pxed's captures. */
export function createCaptureOperations(capture: Pick<Capture, 'recorder' | 'kept'>): CaptureOperations {
  const { recorder } = capture;

  function nameOf(machine: string): string {
    const mac = parseMac(machine);
    if (mac !== undefined) return mac;
    const address = parseIpv4(machine);
    if (address === undefined) {
      throw new ControlError(400, 'not-a-machine', `${machine} is neither a MAC nor an IPv4 address`);
    }
    return recorder.nameOfAddress(address);
  }

  function failedOf(machine: string): CaptureFile | undefined {
    const newest = capture.kept?.list().find((kept) => kept.machine === machine);
    const bytes = newest && capture.kept?.read(newest.name);
    return newest && bytes && { name: newest.name, bytes };
  }

  function nothingOf(machine: string, failed: boolean): ControlError {
    const what = failed ? `There is no boot of ${machine} that failed` : `There are no packets of ${machine}`;
    const why = {
      off: ': capture is off in the configuration, or the interfaces cannot be recorded',
      busy: ': nothing is recorded while so many packets cross the interfaces (capture: on changes that)',
      recording: '',
    }[recorder.state];
    return new ControlError(404, 'no-capture', `${what}${failed ? '' : why}`);
  }

  return {
    captures: () => capturesOf(capture),
    captureOf(id, { failed }) {
      const machine = nameOf(id);
      const bytes = failed ? undefined : recorder.captureOf(machine);
      if (bytes) return { name: `${machine.replaceAll(':', '-')}.pcap`, bytes };
      const kept = failedOf(machine);
      if (!kept) throw nothingOf(machine, failed);
      return kept;
    },
    keptCapture(name) {
      const bytes = capture.kept?.read(name);
      if (!bytes) throw new ControlError(404, 'no-capture', `There is no capture ${name}`);
      return { name, bytes };
    },
    follow(id, signal) {
      if (recorder.state === 'off') throw nothingOf(nameOf(id), false);
      return packetsOf(capture, { nameOf: () => nameOf(id), signal });
    },
  };
}

function capturesOf({ recorder, kept }: Pick<Capture, 'recorder' | 'kept'>): Captures {
  const machines = recorder.machines().map((machine) => {
    const packets = recorder.packetsOf(machine);
    return {
      machine,
      packets: packets.length,
      sizeBytes: packets.reduce((sum, { bytes }) => sum + bytes.length, 0),
      firstAt: timeOf(packets[0]!.at),
      lastAt: timeOf(packets.at(-1)!.at),
    };
  });
  const files = kept?.list() ?? [];
  return {
    state: recorder.state,
    machines,
    kept: files.map(({ name, machine, at, sizeBytes }) => ({ name, machine, at: timeOf(at), sizeBytes })),
  };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

/** A machine that was named by its address may turn out to have a MAC. */
type Followed = { readonly nameOf: () => string; readonly signal: AbortSignal };

async function* packetsOf(
  { recorder }: Pick<Capture, 'recorder'>,
  { nameOf, signal }: Followed,
): AsyncGenerator<Uint8Array> {
  const waiting: KeptPacket[] = [...recorder.packetsOf(nameOf())];
  let resume: (() => void) | undefined;
  const wake = () => resume?.();
  const end = recorder.follow((owner, packet) => {
    if (owner !== nameOf() || waiting.length >= MOST_WAITING) return;
    waiting.push(packet);
    wake();
  });
  signal.addEventListener('abort', wake);
  try {
    yield pcapHeader();
    while (!signal.aborted) {
      for (const packet of waiting.splice(0)) yield pcapRecord(packet);
      if (waiting.length > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
    }
  } finally {
    signal.removeEventListener('abort', wake);
    end();
  }
}
