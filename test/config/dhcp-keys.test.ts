import { expect, test } from 'vitest';
import { dhcpSettingsOf } from '../../src/app/dhcp-settings.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import { DEFAULT_SETTINGS } from '../../src/dhcp/settings.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { ETH0 } from '../dhcp/world.ts';

function load(text: string) {
  return loadConfig(`version: 1\n${text}`, { file: 'c.yaml', archNames: ['x86-64_HTTP'] });
}

function settingsOf(text: string) {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return dhcpSettingsOf({ tool: 'pxed', config: loaded.value, overrides: {} }, [ETH0], 'boot1');
}

test('dhcpSettingsOf() what has no key given is as the brains have it', () => {
  const { rapidCommit, minSecs, relays, leaseQuery, networks, boot } = settingsOf('');
  const { rapidCommit: rapid, minSecs: secs, relays: told, leaseQuery: asked } = DEFAULT_SETTINGS;
  expect({ rapidCommit, minSecs, relays, leaseQuery }).toEqual({
    rapidCommit: rapid,
    minSecs: secs,
    relays: told,
    leaseQuery: asked,
  });
  expect(networks[0]).not.toHaveProperty('ipv6OnlySeconds');
  expect(boot.httpUrl).toBeUndefined();
});

test('dhcpSettingsOf() every key arrives', () => {
  const settings = settingsOf(`
rapid-commit: true
min-secs: 3
subnet-selection: true
trust-82-without-giaddr: false
inform-via-relay: false
leasequery: [10.9.0.1, 10.9.1.1]
networks:
  - { subnet: 10.0.0.0/24, ipv6-only: 30m, auto-configure: false }
boot:
  http: http://10.0.0.1:8080/boot
  arch-override:
    - { mac: 52-54-00, vendor-class: PXEClient, arch: x86-64_http }
    - { uuid: 564D8A10-97C2-4F05-9D3A-0123456789AB, arch: 11 }
`);
  expect(settings).toMatchObject({
    rapidCommit: true,
    minSecs: 3,
    relays: { subnetSelection: true, trustDirectInfo: false, informViaRelay: false },
    leaseQuery: [parseIpv4('10.9.0.1'), parseIpv4('10.9.1.1')],
    boot: {
      httpUrl: 'http://10.0.0.1:8080/boot/',
      archOverrides: [
        { mac: '52:54:00', vendorClass: 'PXEClient', arch: 16 },
        { uuid: '564d8a10-97c2-4f05-9d3a-0123456789ab', arch: 11 },
      ],
    },
  });
  expect(settings.networks[0]).toMatchObject({ ipv6OnlySeconds: 1800, autoConfigure: false });
});

test.each([
  {
    text: 'boot: { arch-override: [{ arch: 7 }] }',
    problem: /boot\.arch-override\[0\]: needs a vendor-class, a mac or a uuid/,
  },
  {
    text: 'boot: { arch-override: [{ mac: 52:54:00, arch: x86_64 }] }',
    problem: /boot\.arch-override\[0\]\.arch: no such architecture/,
  },
  { text: 'min-secs: 70000', problem: /min-secs: must be at most 65535, got 70000/ },
  { text: 'leasequery: [10.9.0]', problem: /leasequery\[0\]: expected an IPv4 address/ },
  { text: 'boot: { http: boot }', problem: /boot\.http: expected a URL like/ },
  { text: 'boot: { http: "ftp://10.0.0.1/" }', problem: /boot\.http: expected a URL like/ },
  { text: 'boot: { http: "http://10.0.0.1/a b" }', problem: /boot\.http: expected a URL like/ },
  { text: 'boot: { http: "http://10.0.0.1/?x" }', problem: /boot\.http: expected a URL like/ },
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
  { text: 'boot: { http: "http://${ip}/" }', problem: /boot\.http: expected a URL like/ },
  { text: 'boot: { http: "http://${next-server}/${mac}" }', problem: /boot\.http: expected a URL like/ },
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
  { text: 'http: { enabled: yes }', problem: /http\.enabled: expected auto or true or false, got "yes"$/ },
  { text: 'tftp: { pace: [5] }', problem: /tftp\.pace: expected auto or off or a number, got a list$/ },
  { text: 'tftp: { pace: 0 }', problem: /tftp\.pace: must be at least 1, got 0$/ },
  { text: 'profiles: { a: { menu: [] } }', problem: /profiles\.a\.menu: needs at least one entry$/ },
  { text: 'boot: { relink: yes }', problem: /boot\.relink: expected true, false or the name of a file/ },
  { text: 'boot: { relink: "Off" }', problem: /boot\.relink: expected true, false or the name of a file/ },
  { text: `boot: { http: "http://h/${'x'.repeat(130)}" }`, problem: /boot\.http: expected a URL like/ },
  {
    text: `boot: { arch: { x86-64_HTTP: "http://h/${'x'.repeat(250)}" } }`,
    problem: /x86-64_HTTP: must fit the 255 octets of option 67/,
  },
])('loadConfig() $text: $problem', ({ text, problem }) => {
  const loaded = load(text);
  expect(loaded.ok ? [] : loaded.problems.map(formatProblem).join('\n')).toMatch(problem);
});
