import { expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { useSite } from '../rig/site.ts';
import { command, namespaces, ring } from './harness.ts';

const NEEDS = [namespaces, command('tcpdump', 'tcpdump'), command('tshark', 'tshark')];
const SERVER = '192.168.77.1';
/** bootptest hears only what is sent to the address it has, so that must be the one it is given. */
const BOOTPTEST_MAC = '52:54:00:a7:02:45';
const BOOTPTEST_ADDRESS = '192.168.77.45';

ring('BOOTP clients at one server (`pxed --bootp`)', NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    options: ['--bootp'],
    hosts: { [BOOTPTEST_MAC]: BOOTPTEST_ADDRESS },
  });

  ring('bootpc', [command('bootpc', 'bootpc')], () => {
    test('gets an answer, and the same address after a restart', async () => {
      const { lab, capture } = site();
      const host = await lab.host('bootpc');
      async function ask(): Promise<string> {
        // Without an address of its own it needs a route to send the broadcast by.
        await host.must(['ip', 'route', 'replace', 'default', 'dev', 'eth0']);
        const argv = [
          'bootpc',
          '--dev',
          'eth0',
          '--serverbcast',
          '--returniffail',
          '--timeoutwait',
          '20',
        ] as const;
        const text = await host.must(argv);
        expect(text).toContain(`SERVER='${SERVER}'`);
        expect(text).toContain("BOOTFILE='pxelinux.0'");
        expect(text).toContain("NETMASK='255.255.255.0'");
        return /IPADDR='([\d.]+)'/.exec(text)?.[1] ?? '';
      }
      const first = await ask();
      expect(first).toMatch(/^192\.168\.77\.\d+$/);
      expect(await ask()).toBe(first);

      const replies = await capture.read(`dhcp.type == 2 && dhcp.hw.mac_addr == ${await host.mac()}`, [
        'ip.dst',
        'dhcp.flags.bc',
        'dhcp.option.dhcp',
        'dhcp.ip.your',
        'udp.length',
      ]);
      expect(replies.length).toBeGreaterThanOrEqual(2);
      for (const reply of replies) {
        expect(reply).toEqual({
          'ip.dst': '255.255.255.255', // as its flag asks
          'dhcp.flags.bc': '1',
          'dhcp.option.dhcp': '', // BOOTP: no message type
          'dhcp.ip.your': first,
          'udp.length': '308', // 300 octets, RFC 951
        });
      }
    });
  });

  ring('bootptest', [command('bootptest', 'bootp')], () => {
    test('gets an answer, and the same address after a restart', async () => {
      const { lab } = site();
      const host = await lab.host('bootptest', { address: `${BOOTPTEST_ADDRESS}/24`, mac: BOOTPTEST_MAC });
      async function ask(): Promise<string> {
        const { stdout, stderr } = await host.run(['bootptest', '-h', '-f', 'pxelinux.0', SERVER]);
        return stdout + stderr;
      }
      for (const text of [await ask(), await ask()]) {
        expect(text).toMatch(new RegExp(`reply[^]*Y:${BOOTPTEST_ADDRESS.replaceAll('.', '\\.')}`));
        expect(text).toContain('file:"pxelinux.0"');
      }
    });
  });
});
