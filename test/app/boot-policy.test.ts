import { expect, test } from 'vitest';
import { bootPolicyOf } from '../../src/app/boot-policy.ts';
import type { Setup } from '../../src/app/setup.ts';
import { archOf } from '../../src/boot/arch-table.ts';
import type { BootMachine } from '../../src/boot/machine.ts';
import { configNameOf, renderFor } from '../../src/boot/rendering.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import type { Link } from '../../src/dhcp/settings.ts';
import { ETH0, ip, MAC } from '../dhcp/world.ts';

function setupOf(text: string): Setup {
  const loaded = loadConfig(`version: 1\n${text}`, { file: 'f', archNames: [] });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return { tool: 'pxed', config: loaded.value, overrides: {} };
}

function policyOf(text: string, links: readonly Link[] = [ETH0]) {
  return bootPolicyOf(setupOf(text), { links });
}

const MACHINE: BootMachine = { mac: MAC, ip: ip('10.0.0.77'), arch: archOf(0), kind: 'pxe', tags: [] };

test('bootPolicyOf() nothing where nobody has a profile', () => {
  expect(policyOf('hosts: [{ hostname: a }]')).toBeUndefined();
  expect(policyOf('hosts: [{ hostname: a, profile: local }]')).toBeDefined();
  expect(policyOf('profile: local')).toBeDefined();
});

test('bootPolicyOf() makes profiles of the configuration’s', () => {
  const policy = policyOf(`
profiles:
  a: { title: A, kernel: k, initrd: i, args: x, fdtdir: d, once: until-reported, then: b, done: end }
  b: { kernel: k, once: until-fetched }
  c: { loader: l, once: never, then: b }
  d: { local: true }
  e: { menu: [a, { profile: d, title: D }], default: d }
`);
  expect([...policy!.profiles.values()]).toEqual([
    {
      kind: 'kernel',
      name: 'a',
      title: 'A',
      kernel: 'k',
      initrds: ['i'],
      args: 'x',
      fdtdir: 'd',
      // biome-ignore lint/suspicious/noThenProperty: nobody awaits a policy
      once: { until: 'reported', done: 'end', then: 'b' },
    },
    {
      kind: 'kernel',
      name: 'b',
      kernel: 'k',
      initrds: [],
      args: '',
      // biome-ignore lint/suspicious/noThenProperty: nobody awaits a policy
      once: { until: 'fetched', done: 'Kickstart_end', then: 'local' },
    },
    { kind: 'loader', name: 'c', file: 'l', instead: 'b' },
    { kind: 'local', name: 'd', title: 'Local disk' },
    {
      kind: 'menu',
      name: 'e',
      entries: [{ profile: 'a' }, { profile: 'd', title: 'D' }],
      timeoutSeconds: 10,
      default: 'd',
    },
  ]);
});

test('bootPolicyOf() from a file to what the loader of one machine reads', () => {
  const policy = policyOf(`
boot: { http: "http://\${next-server}:8080/" }
profiles:
  debian: { kernel: d/linux, args: "url=\${http}/p.cfg \${tags}" }
profile: local
hosts:
  - { mac: "${MAC}", profile: debian, tags: [lab] }
`)!;
  const text = (machine: BootMachine) =>
    renderFor(configNameOf('pxelinux.cfg/default')!, machine, { policy })?.text;
  expect(text(MACHINE)).toContain('  APPEND url=http://10.0.0.1:8080/p.cfg lab\n');
  expect(text({ ...MACHINE, mac: '52:54:00:00:00:01' })).toContain('  LOCALBOOT 0\n');
});

test('bootPolicyOf() works where files are served without an interface of our own', () => {
  const policy = policyOf(`profiles: { a: { local: true } }\nhosts: [{ mac: "${MAC}", profile: a }]`, []);
  expect(policy?.said(MACHINE)).toMatchObject({ profile: 'a', from: 'hosts' });
});
