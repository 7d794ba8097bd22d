import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { PROJECT } from '../rig/server.ts';
import { useSite } from '../rig/site.ts';
import { command, type Host, namespaces, ring } from './harness.ts';

const NEEDS = [
  namespaces,
  command('tcpdump', 'tcpdump'),
  command('udhcpc', 'udhcpc'),
  command('curl', 'curl'),
];
const SERVER = '10.77.0.1';
const WAIT_MS = 60_000;
/** What an interpreter's heap may breathe between two looks; a leak of 400 octets a datagram would show. */
const BREATH_KIB = 40_000;

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/** Datagrams that the kernel threw away because the process had not read them: the last column of /proc/net/udp. */
function unread(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/net/udp`, 'latin1').trim().split('\n').slice(1);
  return lines.reduce((total, line) => total + Number(line.trim().split(/\s+/).at(-1)), 0);
}

ring('100,000 arbitrary datagrams on ports 67 and 69', NEEDS, () => {
  const site = useSite({
    address: `${SERVER}/16`, // room for every address that a mutated DISCOVER gets
    root: createEmptyRoot,
    prepare: async (root) => {
      await root.write('pxelinux.0', 'the loader');
      // The files that the golden read requests name, so that their mutations start transfers too.
      for (const name of ['boot/Vmlinuz', 'Boot/BCD', 'ipxe.efi'])
        await root.write(name, new Uint8Array(300_000));
    },
    bootFile: 'pxelinux.0',
    answerAll: true,
    options: ['--bootp', '--allow-write', '--upload-max', '64k', '--no-conflict-probe'],
  });

  async function flood(host: Host, seed: number, count: number): Promise<void> {
    const path = join(PROJECT, 'test/rig/flood-process.ts');
    const text = await host.must([process.execPath, path, SERVER, String(seed), String(count)], {
      timeoutMs: 100_000,
    });
    expect(text).toContain(`sent ${count}`);
  }

  test('the process survives, still serves both protocols, and its memory is flat', async () => {
    const { lab, server } = site();
    const attacker = await lab.host('attacker', { address: '10.77.1.1/16' });
    await flood(attacker, 1, 50_000);
    const warm = residentKib(server.pid);
    await flood(attacker, 2, 50_000);
    const after = residentKib(server.pid);
    console.log(`resident: ${warm} KiB after 50,000 datagrams, ${after} KiB after 100,000`);
    expect(after - warm).toBeLessThan(BREATH_KIB);
    // It read what was sent, rather than surviving by being too slow to see it.
    expect(unread(server.pid)).toBeLessThan(5_000);

    const client = await lab.host('client');
    const script = join(lab.folder, 'script');
    await writeFile(script, '#!/bin/sh\n[ "$1" = bound ] && ip address add "$ip/$mask" dev "$interface"\n');
    await chmod(script, 0o755);
    const text = await client.run(['udhcpc', '-f', '-q', '-n', '-t', '10', '-i', 'eth0', '-s', script], {
      timeoutMs: WAIT_MS,
    });
    expect(text.stdout + text.stderr).toMatch(/lease of 10\.77\.\d+\.\d+ obtained from 10\.77\.0\.1/);
    expect(await client.must(['curl', '-sS', `tftp://${SERVER}/pxelinux.0`])).toBe('the loader');
    expect(server.output()).not.toContain('service.failed');
    expect(residentKib(server.pid)).toBeGreaterThan(0); // the same process: nothing was restarted
  });
});
