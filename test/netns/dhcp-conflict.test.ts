import { expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { useSite } from '../rig/site.ts';
import { command, namespaces, ring } from './harness.ts';

const WAIT_MS = 45_000;

const POOL = ['networks:', '  - subnet: 192.168.77.0/24', '    range: [192.168.77.50-192.168.77.51]'].join(
  '\n',
);

ring('an address that somebody took for himself', [namespaces, command('udhcpc', 'udhcpc')], () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    answerAll: true,
    config: POOL,
  });

  test('is found by ARP and set aside; the client that asks for it gets another', async () => {
    const { lab, server } = site();
    const squatter = await lab.host('squatter', { address: '192.168.77.50/24' });
    const client = await lab.host('client');
    const running = client.start([
      'udhcpc',
      '-f',
      '-q',
      '-i',
      'eth0',
      '-s',
      '/bin/true',
      '-r',
      '192.168.77.50',
    ]);
    const [, address] = await running.waitFor(/lease of (\S+) obtained/, WAIT_MS);
    expect(address).toBe('192.168.77.51');
    const conflict = await server.waitFor(
      /192\.168\.77\.50 is used by (\S+) already|dhcp\.conflict.*/,
      WAIT_MS,
    );
    expect(conflict.join(' ')).toContain(await squatter.mac());
    await running.stop();
  });
});
