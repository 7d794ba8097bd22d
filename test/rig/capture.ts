/** Captures on a lab's segment, and what tshark reads in them. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { must } from './process.ts';

export type Capture = {
  readonly path: string;
  /** Resolves when every frame that was seen is in the file: on a busy machine tcpdump is behind. */
  settled(): Promise<void>;
  /** Ends the capture; every frame that was seen is in the file. */
  stop(): Promise<void>;
  /**
   * The chosen tshark fields of every packet that passes the display filter, a repeated field joined by commas.
   *
   *     await capture.read('dhcp.option.dhcp == 5', ['ip.dst', 'udp.dstport'])  // [{ 'ip.dst': ... }]
   */
  read<Field extends string>(filter: string, fields: readonly Field[]): Promise<Record<Field, string>[]>;
};

/** A file that did not grow for so long has all frames. */
const SETTLED_MS = 150;

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Starts tcpdump on the bridge of a segment (default `lan`); resolves when it listens. */
export async function startCapture(lab: Lab, name: string, segment = 'lan'): Promise<Capture> {
  const path = join(lab.folder, `${name}.pcap`);
  const running = lab.start(
    ['tcpdump', '-i', `br-${segment}`, '-n', '-U', '-s', '0', '--immediate-mode', '-Z', 'root', '-w', path],
    `tcpdump-${name}`,
  );
  await running.waitFor(/listening on/, 15_000);
  let stopped: Promise<void> | undefined;
  function stop(): Promise<void> {
    stopped ??= end();
    return stopped;
  }
  async function settled(): Promise<void> {
    for (let before = -1, now = sizeOf(path); now !== before; now = sizeOf(path)) {
      before = now;
      await new Promise((next) => setTimeout(next, SETTLED_MS));
    }
  }
  /** A signal ends tcpdump although it has not read everything. */
  async function end(): Promise<void> {
    await settled();
    await running.stop(5_000);
  }
  return {
    path,
    settled,
    stop,
    read: async <Field extends string>(filter: string, fields: readonly Field[]) => {
      const args = fields.flatMap((field) => ['-e', field]);
      const text = await must(
        ['tshark', '-r', path, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', ...args],
        { timeoutMs: 60_000 },
      );
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const values = line.split('\t');
          return Object.fromEntries(fields.map((field, at) => [field, values[at] ?? ''])) as Record<
            Field,
            string
          >;
        });
    },
  };
}
