import { expect, test } from 'vitest';
import type { BootProgress } from '../../../src/boot/install-once.ts';
import type { BootMachine } from '../../../src/boot/machine.ts';
import type { KernelProfile, Profile } from '../../../src/boot/profile.ts';
import type { BootPolicy } from '../../../src/boot/selection.ts';
import type { BootEvent } from '../../../src/events/event.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import type { Machines } from '../../../src/server/boot/machine-of.ts';
import { createRenderedFiles } from '../../../src/server/boot/rendered-files.ts';

const MAC = '52:54:00:12:34:56';
const PEER = '192.168.77.50';
const MACHINE: BootMachine = { mac: MAC, ip: parseIpv4(PEER)!, kind: 'pxe', tags: [] };
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
const INSTALL: KernelProfile = {
  kind: 'kernel',
  name: 'install',
  kernel: 'linux-${mac-hyp}',
  initrds: ['initrd.gz'],
  args: 'host=${hostname} grün',
  // biome-ignore lint/suspicious/noThenProperty: nobody awaits a policy
  once: { until: 'fetched', done: 'Kickstart_end', then: 'local' },
};
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: placeholders of the configuration

type Site = {
  /** Machines by address. */
  at?: Record<string, BootMachine>;
  policy?: BootPolicy | undefined;
  progress?: BootProgress;
};

function policyOf(...profiles: Profile[]): BootPolicy {
  return {
    profiles: new Map(profiles.map((profile) => [profile.name, profile])),
    said: ({ uuid }) => ({
      profile: profiles[0]!.name,
      from: uuid === undefined ? 'hosts' : `hosts ${uuid.smbios}`,
      tags: [],
      nextServer: parseIpv4('192.168.77.1')!,
      trace: [],
    }),
  };
}

function createSite({ at = { [PEER]: MACHINE }, progress, ...site }: Site = {}) {
  const policy = 'policy' in site ? site.policy : policyOf(INSTALL);
  const offered: Profile[] = [];
  const events: BootEvent[] = [];
  const machines: Machines = {
    at: (peer) => at[peer],
    called: (mac, peer) => (at[peer] && at[peer].mac !== mac ? undefined : { ...MACHINE, ...at[peer], mac }),
  };
  const rendered = createRenderedFiles({
    machines,
    policy: () => policy,
    exists: () => undefined,
    progressOf: (mac) => (mac === MAC ? progress : undefined),
    offered: (_, profile) => offered.push(profile),
    emit: (event) => events.push(event),
    clock: () => 0,
  });
  const textOf = (path: string, peer = PEER) => {
    const file = rendered.render({ path, peer, protocol: 'tftp' });
    return file && new TextDecoder().decode(file.bytes);
  };
  return { rendered, offered, events, textOf };
}

test('createRenderedFiles() makes the configuration of the machine that asks, in UTF-8', () => {
  const { rendered, textOf } = createSite();
  const file = rendered.render({ path: 'pxelinux.cfg/01-52-54-00-12-34-56', peer: PEER, protocol: 'tftp' });
  expect(file).toMatchObject({ profile: 'install', reason: 'profile install by hosts' });
  expect(textOf('pxelinux.cfg/default')).toContain('linux-52-54-00-12-34-56');
  expect(textOf('grub/grub.cfg')).toContain('grün');
  expect(textOf('boot.ipxe')).toMatch(/^#!ipxe\n/);
});

test('createRenderedFiles() tells whose files are to be counted, placeholders filled', () => {
  const { offered, textOf } = createSite();
  textOf('pxelinux.cfg/C0A84D32');
  expect(offered).toMatchObject([{ name: 'install', kernel: 'linux-52-54-00-12-34-56' }]);
});

test('createRenderedFiles() gives what comes after a profile that the machine got through', () => {
  const progress: BootProgress = {
    ...{ profile: 'install', fetched: [], state: 'fetched', since: 0 },
    finished: ['install'],
  };
  const { rendered } = createSite({ progress });
  const file = rendered.render({ path: 'pxelinux.cfg/default', peer: PEER, protocol: 'http' });
  expect(file).toMatchObject({ profile: 'local' });
});

test.each([
  { name: 'any other name', path: 'vmlinuz' },
  { name: 'a name of another machine', path: 'pxelinux.cfg/01-52-54-00-ff-ff-ff' },
  { name: 'another address', path: 'pxelinux.cfg/0A000001' },
  { name: 'whoever is unknown', path: 'pxelinux.cfg/default', peer: '192.168.77.51' },
])('createRenderedFiles() has nothing for $name', ({ path, peer }) => {
  const { textOf, offered } = createSite();
  expect(textOf(path, peer)).toBeUndefined();
  expect(offered).toEqual([]);
});

test('createRenderedFiles() has nothing without profiles', () => {
  expect(createSite({ policy: undefined }).textOf('pxelinux.cfg/default')).toBeUndefined();
});

test('createRenderedFiles() believes a machine nobody knows by its address the MAC in the name it asks for', () => {
  const { textOf } = createSite({ at: {} });
  expect(textOf('pxelinux.cfg/01-52-54-00-ff-ff-ff')).toContain('linux-52-54-00-ff-ff-ff');
  expect(textOf('pxelinux.cfg/default')).toBeUndefined();
});

test('createRenderedFiles() begins no boot of a machine for who only says its name', () => {
  const { textOf, offered } = createSite({ at: {} });
  expect(textOf('pxelinux.cfg/01-52-54-00-12-34-56', 'fe80::1')).toContain('linux-52-54-00-12-34-56');
  expect(offered).toEqual([]);
});

test('createRenderedFiles() takes a UUID that DHCP did not tell from the name, in the order of its octets', () => {
  const { rendered } = createSite();
  const path = 'pxelinux.cfg/33221100-5544-7766-8899-aabbccddeeff';
  expect(rendered.render({ path, peer: PEER, protocol: 'tftp' })?.reason).toBe(
    'profile install by hosts 00112233-4455-6677-8899-aabbccddeeff',
  );
  const known = { smbios: '00112233-4455-6677-8899-aabbccddeeff', wire: path.slice(13) };
  const other = {
    smbios: 'ffffffff-4455-6677-8899-aabbccddeeff',
    wire: 'ffffffff-5544-7766-8899-aabbccddeeff',
  };
  const told = createSite({ at: { [PEER]: { ...MACHINE, uuid: known } } });
  expect(told.textOf(path)).toBeDefined();
  expect(createSite({ at: { [PEER]: { ...MACHINE, uuid: other } } }).textOf(path)).toBeUndefined();
});

test('createRenderedFiles() tells of a defect, serves nothing, and does not fill the log', () => {
  const broken: BootPolicy = {
    profiles: new Map(),
    said: () => {
      throw new TypeError('a defect');
    },
  };
  const { textOf, events } = createSite({ policy: broken });
  for (let i = 0; i < 100; i++) expect(textOf('pxelinux.cfg/default')).toBeUndefined();
  expect(events[0]).toMatchObject({ type: 'service.warning', service: 'boot', problem: 'internal-error' });
  expect(events.length).toBeLessThan(10);
});
