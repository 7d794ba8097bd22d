import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { useSite } from '../rig/site.ts';
import { type Capture, command, type Host, namespaces, ring, startCapture } from './harness.ts';

const NEEDS = [namespaces, command('tcpdump', 'tcpdump'), command('tshark', 'tshark')].concat([
  command('dhcrelay', 'isc-dhcp-relay'),
  command('udhcpc', 'udhcpc'),
]);
const WAIT_MS = 45_000;
const SERVER = '192.168.77.1';
const RELAY_NEAR = '192.168.77.2';
const RELAY_FAR = '192.168.88.1';
/** How tshark writes END (255) in `dhcp.option.type`; pads after it have a field of their own. */
const END = '0';

const FAR_NETWORK = [
  'networks:',
  '  - subnet: 192.168.88.0/24',
  '    range: [192.168.88.50-192.168.88.150]',
  `    routers: [${RELAY_FAR}]`,
].join('\n');

const SCRIPT = `#!/bin/sh
case $1 in
  bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    ip route replace default via "$router" dev "$interface"
    ;;
esac
`;

ring('behind a relay (isc-dhcp-relay with option 82)', NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    answerAll: true,
    config: FAR_NETWORK,
  });
  let far: Capture;
  let client: Host;

  beforeAll(async () => {
    const { lab, host } = site();
    await lab.segment('far');
    far = await startCapture(lab, 'far', 'far');
    const relay = await lab.host('relay', { address: `${RELAY_NEAR}/24` });
    await relay.plug('eth1', { segment: 'far', address: `${RELAY_FAR}/24` });
    await relay.must(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await host.must(['ip', 'route', 'add', '192.168.88.0/24', 'via', RELAY_NEAR]);
    const running = relay.start(['dhcrelay', '-4', '-d', '-a', '-iu', 'eth0', '-id', 'eth1', SERVER]);
    await running.waitFor(/Sending on\s+Socket/, WAIT_MS);
    client = await lab.host('client', { segment: 'far' });
  });

  test('a client gets an address of its own network, through the relay, and renews past it', async () => {
    const { capture } = site();
    const mac = await client.mac();
    const path = join(client.folder, 'relay-udhcpc-script');
    await writeFile(path, SCRIPT);
    await chmod(path, 0o755);
    const running = client.start(['udhcpc', '-f', '-i', 'eth0', '-t', '5', '-s', path]);
    const [, address = ''] = await running.waitFor(/lease of ([\d.]+) obtained/, WAIT_MS);
    expect(address).toMatch(/^192\.168\.88\.\d+$/);
    await expect.poll(() => client.addresses(), { timeout: WAIT_MS }).toContain(`${address}/24`);

    running.signal('SIGUSR1');
    const renewal = `dhcp.option.dhcp == 5 && ip.dst == ${address} && dhcp.ip.client == ${address}`;
    await expect
      .poll(() => capture.read(renewal, ['ip.src', 'dhcp.ip.relay']), { timeout: WAIT_MS })
      .toEqual([{ 'ip.src': SERVER, 'dhcp.ip.relay': '0.0.0.0' }]);
    await running.stop();

    const relayed = await capture.read(`dhcp.ip.relay == ${RELAY_FAR} && dhcp.type == 2`, [
      'ip.dst',
      'udp.dstport',
      'dhcp.option.type',
      'dhcp.option.agent_information_option.agent_circuit_id',
      'dhcp.hw.mac_addr',
    ]);
    // OFFER and ACK; and dhcrelay overhears the renewal that its host forwards, and relays it once more.
    expect(relayed.length).toBeGreaterThanOrEqual(2);
    for (const reply of relayed) {
      // RFC 2131 §4.1: to the relay at port 67; RFC 3046 §2.2: option 82 echoed, the last one before END.
      expect(reply).toMatchObject({ 'ip.dst': RELAY_FAR, 'udp.dstport': '67' });
      expect(reply['dhcp.hw.mac_addr'].split(',')[0]).toBe(mac); // chaddr; option 61 may name it again
      expect(reply['dhcp.option.type'].split(',').slice(-2)).toEqual(['82', END]);
      const circuitId = reply['dhcp.option.agent_information_option.agent_circuit_id'];
      expect(Buffer.from(circuitId.replaceAll(':', ''), 'hex').toString()).toBe('eth1');
    }
    // The relay takes option 82 off again: the client never sees it.
    const delivered = await far.read('dhcp.type == 2', ['dhcp.option.type', 'dhcp.hw.mac_addr']);
    expect(delivered.length).toBeGreaterThanOrEqual(2);
    expect(delivered.filter((reply) => reply['dhcp.option.type'].split(',').includes('82'))).toEqual([]);
  });

  test('an address that somebody behind the relay has taken is found by a ping, and set aside', async () => {
    const { lab, server } = site();
    const squatter = await lab.host('squatter', { segment: 'far', address: '192.168.88.70/24' });
    await squatter.must(['ip', 'route', 'add', 'default', 'via', RELAY_FAR]);
    const newcomer = await lab.host('newcomer', { segment: 'far' });
    const asking = ['-r', '192.168.88.70', '-s', '/bin/true'];
    const running = newcomer.start(['udhcpc', '-f', '-q', '-i', 'eth0', '-t', '5', ...asking]);
    const [, address] = await running.waitFor(/lease of ([\d.]+) obtained/, WAIT_MS);
    expect(address).toMatch(/^192\.168\.88\.\d+$/);
    expect(address).not.toBe('192.168.88.70');
    await server.waitFor(/192\.168\.88\.70 is used by somebody already|dhcp\.conflict/, WAIT_MS);
    await running.stop();
  });
});
