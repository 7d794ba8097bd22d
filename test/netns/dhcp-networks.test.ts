import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { useSite } from '../rig/site.ts';
import { command, type Host, namespaces, ring } from './harness.ts';

const NEEDS = [namespaces, command('dhcrelay', 'isc-dhcp-relay'), command('udhcpc', 'udhcpc')];
const WAIT_MS = 45_000;
const SERVER = '192.168.77.1';
const RELAY_NEAR = '192.168.77.2';
const RELAY_FAR = '192.168.88.1';

const CONFIG = `
options:
  ntp-servers: 192.168.77.9
  domain-search: [lab.example, example]
templates:
  desk: { lease: 20m, options: { mtu: 1400 } }
networks:
  - subnet: 192.168.77.0/24
    domain-name: lab.example
  - subnet: 192.168.88.0/24
    range: 192.168.88.50
    shared-network: hall
  - subnet: 192.168.89.0/24
    range: 192.168.89.50-192.168.89.99
    shared-network: hall
    routers: [192.168.89.1]
hosts:
  - hostname: printer
    address: 192.168.77.40
    template: desk
    options: { root-path: /srv/printer }
rules:
  - match: { vendor-class: shut-out }
    then: { ignore: true }
  - match: { vendor-class: told, subnet: 192.168.77.0/24 }
    then:
      domain-name: told.example
      options:
        classless-static-route:
          - { to: 10.0.0.0/8, via: 192.168.77.3 }
          - { to: default, via: 192.168.77.4 }
`;

/** Says all that it was told. */
const SCRIPT = `#!/bin/sh
[ "$1" = bound ] && env | sed 's/^/told /'
exit 0
`;

ring('networks, hosts and rules (udhcpc)', NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    answerAll: true,
    config: CONFIG,
  });

  beforeAll(async () => {
    const { lab, host } = site();
    await lab.segment('far');
    const relay = await lab.host('relay', { address: `${RELAY_NEAR}/24` });
    await relay.plug('eth1', { segment: 'far', address: `${RELAY_FAR}/24` });
    await relay.must(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await host.must(['ip', 'route', 'add', '192.168.88.0/23', 'via', RELAY_NEAR]);
    const running = relay.start(['dhcrelay', '-4', '-d', '-a', '-iu', 'eth0', '-id', 'eth1', SERVER]);
    await running.waitFor(/Sending on\s+Socket/, WAIT_MS);
  });

  /** What a new machine is told, by udhcpc's names; undefined when nobody answers. */
  async function ask(name: string, options: string[], segment?: string) {
    const client: Host = await site().lab.host(name, segment === undefined ? {} : { segment });
    const path = join(client.folder, 'says-it');
    await writeFile(path, SCRIPT);
    await chmod(path, 0o755);
    const asked = ['-O', 'ntpsrv', '-O', 'search', '-O', 'mtu', '-O', 'rootpath', '-O', 'staticroutes'];
    const { stdout, stderr } = await client.run(
      ['udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-t', '5', '-T', '1', '-s', path, ...asked, ...options],
      { timeoutMs: WAIT_MS },
    );
    if (!/lease of [\d.]+ obtained/.test(stdout + stderr)) return undefined;
    const lines = [...stdout.matchAll(/^told (\w+)=(.*)$/gm)];
    return Object.fromEntries(lines.map(([, key = '', value = '']) => [key, value]));
  }

  test('a machine with an entry by its name is told what entry, template, network and all networks say', async () => {
    const told = await ask('printer', ['-x', 'hostname:printer']);
    expect(told).toMatchObject({
      ip: '192.168.77.40',
      lease: '1200',
      rootpath: '/srv/printer',
      mtu: '1400',
      domain: 'lab.example',
      ntpsrv: '192.168.77.9',
      search: 'lab.example example',
    });
  });

  test('a machine that a rule is about is told what the rule says, another is not', async () => {
    const told = await ask('told', ['-V', 'told 1']);
    expect(told).toMatchObject({
      domain: 'told.example',
      staticroutes: '10.0.0.0/8 192.168.77.3 0.0.0.0/0 192.168.77.4',
      ntpsrv: '192.168.77.9',
    });
    const other = await ask('other', []);
    expect(other?.domain).toBe('lab.example');
    expect(other?.staticroutes).toBeUndefined();
  });

  test('a machine that a rule ignores gets no answer, and the log says why', async () => {
    expect(await ask('shut', ['-V', 'shut-out'])).toBeUndefined();
    await site().server.waitFor(/rule-ignores|a rule says to ignore it/, WAIT_MS);
  });

  test('machines behind a relay get addresses of all networks that share its link', async () => {
    const first = await ask('far1', [], 'far');
    const second = await ask('far2', [], 'far');
    expect(first).toMatchObject({ ip: '192.168.88.50', subnet: '255.255.255.0' });
    expect(second?.ip).toMatch(/^192\.168\.89\.\d+$/);
    expect(second?.router).toBe('192.168.89.1');
  });
});
