import { expect, test } from 'vitest';
import type { Facts, Verdict } from '../../src/timeline/explanation.ts';
import {
  ack,
  bareOffer,
  bios,
  configured,
  done,
  explained,
  failed,
  fetched,
  ignored,
  MAC,
  offer,
  proxied,
  refused,
  type Step,
  started,
  type Tree,
  uefi,
} from './rig.ts';

const DEFAULT = 'pxelinux.cfg/default';
const EFI = 'x86-64_EFI';
const HEX = 'pxelinux.cfg/C0A84D32';
const OTHERS: Partial<Facts> = { servers: [{ ip: '192.168.77.2', kind: 'address', interface: 'eth0' }] };

type Row = {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly quietMs?: number;
  readonly tree?: Tree;
  readonly facts?: Partial<Facts>;
  readonly verdict: Verdict;
  /** Of the first reason; none: nothing is to be said. */
  readonly code?: string;
  readonly says?: RegExp;
  readonly missing?: RegExp;
};

const KERNEL = [...configured(DEFAULT, [HEX, DEFAULT]), ...fetched(DEFAULT, 200)];
const WHOLE = [...bios(), ...KERNEL, ...fetched('vmlinuz', 5_000_000), ...fetched('initrd.gz', 9_000_000)];

const ROWS: readonly Row[] = [
  { name: 'a whole boot', steps: WHOLE, verdict: 'booted', says: /vmlinuz|5 files|6 files/ },
  { name: 'a whole boot that has just ended', steps: WHOLE, quietMs: 1000, verdict: 'booting' },
  {
    name: 'a boot that goes on',
    steps: [...bios(), ...KERNEL, started('vmlinuz')],
    quietMs: 2000,
    verdict: 'booting',
    missing: /vmlinuz/,
  },
  {
    name: 'its own disk',
    steps: [
      ...bios(),
      ...configured(DEFAULT, [DEFAULT], { rendered: 'local', reason: 'profile local by hosts' }),
    ],
    verdict: 'booted',
    says: /own disk/,
  },
  {
    name: 'memtest as the boot file, which asks for nothing',
    steps: [offer({ file: 'memtest86.efi', arch: EFI }), ack({ arch: EFI }), ...fetched('memtest86.efi')],
    verdict: 'booted',
  },
  // Planted faults: the same that QEMU boots into (test/boot/why-*.test.ts).
  {
    name: 'a missing ldlinux.c32',
    steps: [
      offer(),
      ack(),
      ...fetched('pxelinux.0'),
      refused('ldlinux.c32'),
      refused('boot/isolinux/ldlinux.c32'),
    ],
    tree: { 'pxelinux.0': {} },
    verdict: 'failed',
    code: 'missing-companion',
    says: /pxelinux\.0 needs ldlinux\.c32/,
    missing: /configuration/,
  },
  {
    name: 'a loader for UEFI on a BIOS machine',
    steps: [offer({ file: 'syslinux.efi' }), ack(), ...fetched('syslinux.efi')],
    tree: { 'syslinux.efi': { image: 'efi', cpu: 'x64' } },
    verdict: 'failed',
    code: 'wrong-arch',
    says: /for UEFI, and the machine boots by BIOS/,
  },
  {
    name: 'a loader for 32-bit UEFI on a 64-bit one',
    steps: uefi('bootia32.efi'),
    tree: { 'bootia32.efi': { image: 'efi', cpu: 'x86' } },
    verdict: 'failed',
    code: 'wrong-arch',
    says: /32-bit x86, and the machine is UEFI for x86-64/,
  },
  {
    name: 'PXELINUX on a UEFI machine',
    steps: uefi('pxelinux.0'),
    tree: { 'pxelinux.0': { image: 'not-efi' } },
    verdict: 'failed',
    code: 'not-efi',
  },
  {
    name: 'a kernel that may not be read',
    steps: [...bios(), ...KERNEL, refused('vmlinuz', 'access'), refused('vmlinuz.cbt')],
    facts: { user: 'nobody' },
    verdict: 'failed',
    code: 'unreadable',
    says: /vmlinuz is there, and nobody, whom pxed runs as, may not read it/,
  },
  {
    name: 'port 4011 that nothing arrives at',
    steps: proxied({ file: 'syslinux.efi', later: true }),
    verdict: 'failed',
    code: 'port-4011',
    missing: /port 4011/,
  },
  {
    name: 'port 4011 in the hands of another program',
    steps: proxied({ menu: 2, later: true }),
    facts: { owners: [{ port: 4011, owner: 'dnsmasq, pid 8' }] },
    verdict: 'failed',
    code: 'port-4011',
    says: /dnsmasq, pid 8/,
  },
  {
    name: 'a link of its own that leads nowhere, and nothing else',
    steps: [...bios(), ...configured(undefined, [HEX, DEFAULT])],
    tree: { [HEX]: { link: { target: 'default.netboot', why: 'dangling' } } },
    verdict: 'failed',
    code: 'dangling-link',
    says: /C0A84D32 is a link to default\.netboot, which does not exist/,
  },
  {
    name: 'a link of its own that leads nowhere, and a default',
    steps: WHOLE,
    tree: { [HEX]: { link: { target: 'default.netboot', why: 'dangling' } } },
    verdict: 'booted',
    code: 'dangling-link',
    says: /default stood in for it/,
  },
  {
    name: 'an initrd that broke off',
    steps: [
      ...bios(),
      ...KERNEL,
      ...fetched('vmlinuz'),
      started('initrd.gz', 9_000_000),
      failed('initrd.gz', 3_000_000),
    ],
    verdict: 'failed',
    code: 'cut-off',
    says: /initrd\.gz broke off after 3\.0 MB of 9\.0 MB/,
    missing: /the whole of initrd\.gz/,
  },
  // Addresses.
  {
    name: 'a stranger that no one answers',
    steps: [ignored('not-netboot', { stage: 'os' })],
    verdict: 'ignored',
    code: 'ignored-not-netboot',
  },
  {
    name: 'a rule that ignores',
    steps: [ignored('rule-ignores', { detail: 'rules[2]' })],
    verdict: 'ignored',
    code: 'ignored-rule-ignores',
    says: /rules\[2\]/,
  },
  {
    name: 'no loader for its kind',
    steps: [ignored('no-boot-file', { detail: 'nothing for ARM64_EFI' })],
    verdict: 'ignored',
    code: 'ignored-no-boot-file',
  },
  {
    name: 'a full pool',
    steps: [[{ type: 'dhcp.pool-exhausted', pool: '10.0.0.0/24', mac: MAC, stage: 'rom' }, 1]],
    verdict: 'failed',
    code: 'pool-exhausted',
  },
  {
    name: 'an offer that is not taken',
    steps: [offer(), offer(), offer()],
    verdict: 'failed',
    code: 'offer-not-taken',
    says: /3 times/,
    missing: /REQUEST/,
  },
  {
    name: 'an offer that is not taken, beside another server',
    steps: [offer()],
    facts: OTHERS,
    verdict: 'failed',
    code: 'other-server',
  },
  {
    name: 'an offer without a file, to UEFI',
    steps: [bareOffer({ arch: 'x86-64_EFI' })],
    verdict: 'failed',
    code: 'no-file-told',
  },
  {
    name: 'a proxy without an address server',
    steps: proxied({ file: 'a.efi' }).slice(0, 1),
    verdict: 'failed',
    code: 'no-address-server',
  },
  {
    name: 'refused addresses',
    steps: [[{ type: 'dhcp.nak', ip: 1, why: 'wrong-network', mac: MAC, stage: 'rom' }, 1]],
    verdict: 'failed',
    code: 'address-refused',
  },
  {
    name: 'spanning tree: the first that is heard is a late try',
    steps: [offer({ secs: 28 })],
    verdict: 'failed',
    code: 'offer-not-taken',
  },
  // Loaders.
  {
    name: 'an address, and no file named',
    steps: [bareOffer(), ack()],
    verdict: 'failed',
    code: 'no-file-told',
  },
  {
    name: 'an address, and no file asked for',
    steps: [offer(), ack()],
    verdict: 'failed',
    code: 'loader-not-asked',
    missing: /pxelinux\.0/,
  },
  {
    name: 'a loader that is not there',
    steps: [offer({ file: 'pxelinux.o' }), ack(), refused('pxelinux.o')],
    tree: { 'pxelinux.o': { exists: false, near: 'pxelinux.0' } },
    verdict: 'failed',
    code: 'missing-file',
    says: /did you mean pxelinux\.0/,
  },
  {
    name: 'a loader for UEFI that is not there',
    steps: [offer({ file: 'grubx64.efi', arch: EFI }), ack({ arch: EFI }), refused('grubx64.efi')],
    verdict: 'failed',
    code: 'missing-loader',
  },
  {
    name: '0xff behind the name',
    steps: [offer(), ack(), refused('pxelinux.0ÿ')],
    verdict: 'failed',
    code: 'octets-behind-name',
  },
  {
    name: 'shim without its second stage',
    steps: [
      ...uefi('shimx64.efi'),
      refused('grubx64.efi'),
      refused('revocations.efi', 'not-found', { optional: true }),
    ],
    verdict: 'failed',
    code: 'missing-companion',
    says: /shimx64\.efi needs grubx64\.efi/,
  },
  {
    name: 'a loader, and nothing after it',
    steps: uefi('grubx64.efi'),
    verdict: 'failed',
    code: 'loader-silent',
    says: /grubx64\.efi/,
  },
  {
    name: 'a loader, a moment ago',
    steps: uefi('grubx64.efi'),
    quietMs: 1000,
    verdict: 'booting',
  },
  {
    name: 'an empty loader',
    steps: uefi('grubx64.efi'),
    tree: { 'grubx64.efi': { sizeBytes: 0 } },
    verdict: 'failed',
    code: 'empty-loader',
  },
  {
    name: 'a missing loader by PXE, then an attempt by HTTP that is ignored',
    steps: [
      offer({ file: 'grubx64.efi', arch: EFI }),
      ack({ arch: EFI }),
      refused('grubx64.efi'),
      ignored('no-boot-file', { kind: 'http', arch: 'x86-64_HTTP' }),
    ],
    verdict: 'failed',
    code: 'missing-loader',
  },
  // Configurations, kernels, transfers.
  {
    name: 'no configuration',
    steps: [...bios(), ...configured(undefined, [HEX, DEFAULT])],
    verdict: 'failed',
    code: 'no-config',
  },
  {
    name: 'a menu that waits',
    steps: [...bios(), ...KERNEL],
    quietMs: 90_000,
    verdict: 'booting',
    code: 'waits',
  },
  {
    name: 'a kernel that is not there, asked for under every name that SYSLINUX has',
    steps: [
      ...bios(),
      ...KERNEL,
      refused('vmlinux'),
      refused('vmlinux.cbt'),
      refused('vmlinux.0'),
      refused('vmlinux.c32'),
    ],
    tree: { vmlinux: { exists: false, near: 'vmlinuz' } },
    verdict: 'failed',
    code: 'missing-file',
    says: /asks for vmlinux, which is not in the root; did you mean vmlinuz\?/,
  },
  {
    name: 'a kernel outside of the root',
    steps: [...bios(), ...KERNEL, refused('vmlinuz', 'not-found', { detail: 'outside the root' })],
    verdict: 'failed',
    code: 'outside-link',
  },
  {
    name: 'a kernel that is a link to nowhere',
    steps: [...bios(), ...KERNEL, refused('vmlinuz')],
    tree: { vmlinuz: { link: { target: 'vmlinuz-6', why: 'dangling' } } },
    verdict: 'failed',
    code: 'dangling-link',
  },
  {
    name: 'a server that is full',
    steps: [...bios(), ...KERNEL, refused('vmlinuz', 'busy')],
    verdict: 'failed',
    code: 'refused-busy',
  },
  {
    name: 'blocks that are too large for the way',
    steps: [offer(), ack(), started('pxelinux.0'), failed('pxelinux.0', 0, { blksize: 1468 })],
    facts: { mtu: 9000 },
    verdict: 'failed',
    code: 'mtu',
    says: /1468 octets.*MTU here is 9000/,
  },
  {
    name: 'a machine that is switched off before the first block of a file, when others of that size came through',
    steps: [
      ...bios(),
      ...fetched('vmlinuz', 5_000_000),
      started('initrd.gz', 9_000_000),
      failed('initrd.gz', 0, { blksize: 1408 }),
    ],
    verdict: 'failed',
    code: 'cut-off',
    says: /initrd\.gz broke off after 0/,
  },
  {
    name: 'a machine that has had enough',
    steps: [
      ...bios(),
      ...KERNEL,
      started('vmlinuz'),
      failed('vmlinuz', 99, { failure: 'peer-error', detail: 'ERROR 3 no room' }),
    ],
    verdict: 'failed',
    code: 'stopped-by-machine',
    says: /ERROR 3 no room/,
  },
  {
    name: 'a last ACK that got lost',
    steps: [
      ...bios(),
      ...KERNEL,
      started('vmlinuz'),
      failed('vmlinuz', 1000, { failure: 'last-ack-missing' }),
    ],
    verdict: 'booted',
  },
  {
    name: 'a file that is asked for again after it broke off',
    steps: [...WHOLE.slice(0, -2), started('initrd.gz'), failed('initrd.gz', 9), ...fetched('initrd.gz')],
    verdict: 'booted',
  },
  {
    name: 'a splash picture that is missing',
    steps: [...bios(), ...KERNEL, refused('splash.png'), ...fetched('vmlinuz')],
    verdict: 'booted',
  },
  {
    name: 'a probe, which is no failure',
    steps: [
      ...uefi().slice(0, 2),
      started('syslinux.efi'),
      [{ type: 'tftp.probed', peer: '192.168.77.50', port: 2, file: 'syslinux.efi', sizeBytes: 9 }, 1],
      done('syslinux.efi'),
      ...configured(DEFAULT, [DEFAULT]),
      ...fetched('vmlinuz'),
    ],
    verdict: 'booted',
  },
  // No boots.
  {
    name: 'curl of a kernel',
    steps: fetched('vmlinuz', 5_000_000),
    verdict: 'files',
    says: /fetched files only, and boots nothing: vmlinuz \(5\.0 MB\)/,
  },
  {
    name: 'a TFTP client of people that gets a loader twice',
    steps: [...fetched('pxelinux.0'), ...fetched('pxelinux.0')],
    verdict: 'files',
    says: /files only/,
  },
  {
    name: 'a browser that asks for what is not there',
    steps: [refused('vmlinux')],
    tree: { vmlinux: { exists: false, near: 'vmlinuz' } },
    verdict: 'files',
    code: 'missing-file',
    says: /asked for files only, and boots nothing: vmlinux\n.*did you mean vmlinuz/,
  },
  {
    name: 'wget that is interrupted',
    steps: [started('initrd.gz', 9_000_000), failed('initrd.gz', 3_000_000)],
    quietMs: 3_600_000,
    verdict: 'files',
    code: 'cut-off',
  },
  {
    name: 'somebody who fetches at this moment',
    steps: [started('initrd.gz', 9_000_000)],
    quietMs: 100,
    verdict: 'files',
    says: /fetches files only, and boots nothing: initrd\.gz/,
  },
  {
    name: 'a machine whose address another network gives, told by the configuration it looks for',
    steps: [...fetched('pxelinux.0'), ...configured(undefined, [HEX, DEFAULT])],
    verdict: 'failed',
    code: 'no-config',
  },
  {
    name: 'a Raspberry Pi whose address another network gives',
    steps: [...fetched('start4.elf'), ...fetched('config.txt'), ...fetched('kernel8.img')],
    verdict: 'booted',
  },
];

test.each(ROWS)(
  'explain() $name',
  ({ steps, quietMs = 60_000, tree, facts, verdict, code, says, missing }) => {
    const about = { quietMs, ...(tree && { tree }), ...(facts && { facts }) };
    const explanation = explained(steps, about);
    expect(explanation).toMatchObject({ verdict });
    expect(explanation.reasons[0]?.code).toBe(code);
    const text = [explanation.headline, ...explanation.reasons.map((reason) => reason.text)].join('\n');
    if (says) expect(text).toMatch(says);
    if (missing) expect(explanation.missing).toMatch(missing);
    if (verdict === 'failed') expect(explanation.headline).toContain(explanation.reasons[0]!.text);
  },
);

test('explain() tells of a request that was heard late, beside what became of it', () => {
  const { reasons } = explained([offer({ secs: 28 }), ack(), ...WHOLE.slice(2)]);
  expect(reasons).toEqual([expect.objectContaining({ code: 'heard-late', certainty: 'possible' })]);
  expect(reasons[0]!.text).toContain('28 s');
  // GRUB's clock begins anywhere, and iPXE counts to four by itself.
  for (const secs of [0, 3, 59_655])
    expect(explained([offer({ secs }), ...WHOLE.slice(1)]).reasons).toEqual([]);
});

test('explain() has a fix for whatever is sure', () => {
  for (const row of ROWS) {
    for (const reason of explained(row.steps, row).reasons) {
      if (reason.certainty === 'sure' && reason.code !== 'pxed-stopped')
        expect(reason.fix, reason.code).toBeTruthy();
    }
  }
});

test('explain() forgets nothing by itself: who is not heard of for long is unknown, not booting', () => {
  const steps = [...bios(), ...KERNEL, started('vmlinuz')];
  expect(explained(steps, { quietMs: 3_600_000 })).toMatchObject({ verdict: 'unknown' });
});
