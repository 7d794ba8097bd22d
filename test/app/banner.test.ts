import { expect, test } from 'vitest';
import { bannerOf } from '../../src/app/banner.ts';
import { dhcpSettingsOf } from '../../src/app/dhcp-settings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ETH0 } from '../dhcp/world.ts';

function bannerFor(yaml: string): Readonly<Record<string, string>> {
  const loaded = loadConfig(`version: 1\n${yaml}`, { file: 'f', archNames: [] });
  if (!loaded.ok) throw new Error('no such configuration');
  const setup = { tool: 'pxed', config: loaded.value, overrides: {} } as const;
  const dhcp = dhcpSettingsOf(setup, [ETH0], 'h');
  const event = bannerOf({
    setup,
    version: '0',
    links: [],
    dhcp,
    http: [{ fd: 3, port: 80 }],
    backend: 'linux',
  });
  return event.type === 'service.started' ? event.facts : {};
}

test('bannerOf() names four networks, and how many more there are', () => {
  const subnets = (count: number) =>
    `networks: [${Array.from({ length: count }, (_, i) => `{subnet: 10.${i}.0.0/16}`).join(', ')}]`;
  expect(bannerFor(subnets(3)).DHCP).not.toContain('more');
  expect(bannerFor(subnets(50)).DHCP).toMatch(/10\.3\.0\.0\/16 [^;]*; and 46 networks more$/);
});

test('bannerOf() names what is served by HTTP where nothing is by TFTP', () => {
  expect(bannerFor('tftp: { root: /tftp }').HTTP).toBe('the same files, port 80');
  expect(bannerFor('tftp: { root: /tftp, enabled: false }').HTTP).toBe('/tftp, port 80');
});

test('bannerOf() promises BOOTP clients nothing where pxed is a proxy', () => {
  expect(bannerFor('mode: dhcp').BOOTP).toBe('reservations only');
  expect(bannerFor('mode: proxy').BOOTP).toBeUndefined();
});

test('bannerOf() names profiles, and whose they are', () => {
  expect(bannerFor('').profiles).toBeUndefined();
  const some = (names: string) =>
    `profiles: { ${[...names].map((name) => `${name}: { local: true }`).join(', ')} }`;
  expect(bannerFor(some('ab')).profiles).toBe('a, b (no default)');
  expect(bannerFor(`${some('abcdef')}\nprofile: f`).profiles).toBe('a, b, c, d and 2 more (default: f)');
});
