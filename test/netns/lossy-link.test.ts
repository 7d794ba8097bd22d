import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { addLossyLink } from '../rig/lossy-link.ts';
import { useSite } from '../rig/site.ts';
import { command, namespaces, ring, tun } from './harness.ts';

const CONTENT = randomBytes(1_000_000);
const NEEDS = [namespaces, tun, command('tcpdump', 'tcpdump')];

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

ring('a link that drops, doubles and reorders 5 %', NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('initrd.img', CONTENT),
    bootFile: 'initrd.img',
    answerAll: true,
  });

  const CLIENTS: { name: string; debianPackage: string; argv: (target: string) => [string, ...string[]] }[] =
    [
      {
        name: 'busybox',
        debianPackage: 'busybox-static',
        argv: (target) => [
          'busybox',
          'tftp',
          '-g',
          '-b',
          '1428',
          '-l',
          target,
          '-r',
          'initrd.img',
          '192.168.77.1',
        ],
      },
      {
        name: 'curl',
        debianPackage: 'curl',
        argv: (target) => [
          'curl',
          '-sS',
          '--tftp-blksize',
          '1468',
          '-o',
          target,
          'tftp://192.168.77.1/initrd.img',
        ],
      },
      {
        name: 'atftp',
        debianPackage: 'atftp',
        argv: (target) => [
          ...(['atftp', '--option', 'blksize 1468', '--option', 'windowsize 8'] as const),
          ...['-g', '-l', target, '-r', 'initrd.img', '192.168.77.1'],
        ],
      },
    ];

  for (const [at, client] of CLIENTS.entries()) {
    ring(client.name, [command(client.name, client.debianPackage)], () => {
      test('reads 1 MB byte for byte', async () => {
        const { lab } = site();
        const segment = `bad${at}`;
        await lab.segment(segment);
        const link = await addLossyLink(lab, { far: segment, percent: 5, seed: 20 + at });
        const host = await lab.host(client.name, { segment, address: `192.168.77.${20 + at}/24` });
        const target = join(lab.folder, `${client.name}.out`);
        await host.must(client.argv(target), { timeoutMs: 110_000 });
        expect(sum(await readFile(target))).toBe(sum(CONTENT));
        const counts = await link.stop();
        expect(counts.dropped).toBeGreaterThan(5);
        expect(counts.doubled).toBeGreaterThan(5);
        expect(counts.held).toBeGreaterThan(5);
      });
    });
  }
});
