import { describe, expect, test } from 'vitest';
import { archOf } from '../../src/boot/arch-table.ts';
import type { BootClient } from '../../src/boot/client.ts';
import { decideBoot, isIpxeBinary } from '../../src/boot/policy.ts';
import type { BootSettings } from '../../src/boot/settings.ts';

type Case = {
  readonly name: string;
  readonly client: BootClient;
  readonly files?: readonly string[];
  readonly settings?: Partial<BootSettings>;
  readonly machineFile?: string;
  readonly profile?: string;
  readonly want: string | undefined;
  readonly reason?: RegExp;
};

function rom(code: number, more: Partial<BootClient> = {}): BootClient {
  return { kind: 'pxe', stage: 'rom', netboot: true, archs: [archOf(code)], ...more };
}

const IPXE_BIOS = rom(0, { kind: 'ipxe', stage: 'ipxe' });
const IPXE_UEFI = rom(7, { kind: 'ipxe', stage: 'ipxe' });
const BOOTP: BootClient = { kind: 'bootp', stage: 'unknown', netboot: false, archs: [] };
const UBOOT: BootClient = { kind: 'u-boot', stage: 'loader', netboot: true, archs: [] };

function decide({ client, files = [], settings, machineFile, profile }: Case) {
  const exists = (path: string): boolean => files.includes(path);
  return decideBoot(client, {
    settings: { bootFile: 'pxelinux.0', archFiles: new Map(), ...settings },
    exists,
    ...(machineFile !== undefined && { machineFile }),
    ...(profile !== undefined && { profile }),
  });
}

function check(cases: readonly Case[]): void {
  test.each(cases)('decideBoot() $name: $want', (one) => {
    const decision = decide(one);
    expect(decision.file).toBe(one.want);
    expect(decision.reason).not.toBe('');
    expect(decision.trace.at(-1)).toBe(decision.reason);
    if (one.reason) expect(decision.trace.join('\n')).toMatch(one.reason);
  });
}

describe('BIOS', () => {
  check([
    { name: 'the named boot file', client: rom(0), want: 'pxelinux.0' },
    { name: 'the machine’s own file first', client: rom(0), machineFile: 'special.0', want: 'special.0' },
    {
      name: 'the file of its architecture',
      client: rom(0),
      settings: { archFiles: new Map([[0, 'lpxelinux.0']]) },
      want: 'lpxelinux.0',
    },
    {
      name: 'a BIOS loader when the named file is for UEFI',
      client: rom(0),
      settings: { bootFile: 'efi/x.efi' },
      files: ['efi/x.efi', 'pxelinux.0'],
      want: 'pxelinux.0',
    },
    {
      name: 'no iPXE without a script instead',
      client: rom(0),
      settings: { bootFile: 'x.efi' },
      files: ['undionly.kpxe'],
      want: 'x.efi',
    },
    {
      name: 'iPXE with a script instead',
      client: rom(0),
      settings: { bootFile: 'x.efi' },
      files: ['undionly.kpxe', 'boot.ipxe'],
      want: 'undionly.kpxe',
    },
    {
      name: 'an iPXE boot file without a script, and says so',
      client: rom(0),
      settings: { bootFile: 'undionly.kpxe' },
      want: 'undionly.kpxe',
      reason: /will find no boot.ipxe/,
    },
    {
      name: 'an iPXE boot file with a script',
      client: rom(0),
      settings: { bootFile: 'undionly.kpxe' },
      files: ['boot.ipxe'],
      want: 'undionly.kpxe',
      reason: /named boot file$/,
    },
    {
      name: 'no boot file named',
      client: rom(0),
      settings: { bootFile: '' },
      want: undefined,
      reason: /no boot file is named/,
    },
  ]);
});

describe('UEFI', () => {
  check([
    {
      name: 'the BIOS file for a client that would rather be BIOS',
      client: rom(0, { archs: [archOf(0), archOf(7)] }),
      files: ['bootx64.efi', 'pxelinux.0'],
      want: 'pxelinux.0',
    },
    {
      name: 'its own loader when the named one is for another processor',
      client: rom(11),
      settings: { bootFile: 'boot/grubx64.efi' },
      files: ['boot/grubx64.efi', 'boot/grubaa64.efi'],
      want: 'boot/grubaa64.efi',
    },
    {
      name: 'the named one all the same when there is no other',
      client: rom(11),
      settings: { bootFile: 'ipxe.efi' },
      files: ['ipxe.efi', 'boot.ipxe'],
      want: 'ipxe.efi',
    },
    {
      name: 'nothing when the root has no loader',
      client: rom(7),
      want: undefined,
      reason: /x86-64_EFI: no UEFI loader in the root/,
    },
    { name: 'never the BIOS file', client: rom(7), files: ['pxelinux.0'], want: undefined },
    {
      name: 'syslinux.efi with ldlinux beside it',
      client: rom(7),
      files: ['syslinux.efi', 'ldlinux.e64'],
      want: 'syslinux.efi',
    },
    { name: 'not syslinux.efi without', client: rom(7), files: ['syslinux.efi'], want: undefined },
    {
      name: 'ldlinux in another folder does not help',
      client: rom(7),
      files: ['efi64/syslinux.efi', 'ldlinux.e64'],
      want: undefined,
    },
    {
      name: 'in efi64/',
      client: rom(7),
      files: ['efi64/syslinux.efi', 'efi64/ldlinux.e64'],
      want: 'efi64/syslinux.efi',
    },
    { name: '9 is 7', client: rom(9), files: ['bootx64.efi'], want: 'bootx64.efi' },
    {
      name: 'the operator’s bootx64.efi before others',
      client: rom(7),
      files: ['grubnetx64.efi', 'bootx64.efi', 'shimx64.efi', 'grubx64.efi'],
      want: 'bootx64.efi',
    },
    {
      name: 'shim, when its GRUB is there',
      client: rom(7),
      files: ['shimx64.efi', 'grubx64.efi'],
      want: 'shimx64.efi',
    },
    { name: 'not shim alone', client: rom(7), files: ['shimx64.efi'], want: undefined },
    {
      name: 'iPXE when there is a script for it',
      client: rom(7),
      files: ['ipxe.efi', 'grubnetx64.efi', 'boot.ipxe'],
      want: 'ipxe.efi',
    },
    {
      name: 'not iPXE without a script',
      client: rom(7),
      files: ['ipxe.efi', 'grubnetx64.efi'],
      want: 'grubnetx64.efi',
    },
    {
      name: 'iPXE alone, and says what is missing',
      client: rom(7),
      files: ['ipxe.efi'],
      want: undefined,
      reason: /snponly.efi, ipxe.efi would need boot.ipxe/,
    },
    {
      name: 'the folder of the boot file first',
      client: rom(7),
      settings: { bootFile: 'boot/pxelinux.0' },
      files: ['bootx64.efi', 'boot/bootx64.efi'],
      want: 'boot/bootx64.efi',
    },
    {
      name: 'the named boot file when it is an EFI program',
      client: rom(7),
      settings: { bootFile: 'my.efi' },
      files: ['bootx64.efi'],
      want: 'my.efi',
    },
    { name: 'ARM64', client: rom(11), files: ['bootaa64.efi', 'bootx64.efi'], want: 'bootaa64.efi' },
    { name: 'IA32', client: rom(6), files: ['bootia32.efi', 'bootx64.efi'], want: 'bootia32.efi' },
    { name: 'RISC-V 64', client: rom(27), files: ['bootriscv64.efi'], want: 'bootriscv64.efi' },
    {
      name: 'Itanium: no loader known',
      client: rom(2),
      files: ['bootx64.efi'],
      want: undefined,
      reason: /no loader is known/,
    },
    {
      name: 'the configured file, also for 9',
      client: rom(9),
      settings: { archFiles: new Map([[7, 'x64.efi']]) },
      files: ['bootx64.efi'],
      want: 'x64.efi',
    },
  ]);

  test('decideBoot() walks several architectures in the client’s order (RFC 4578 §2.1)', () => {
    const client = rom(7, { archs: [archOf(11), archOf(7)] });
    const settings = {
      archFiles: new Map([
        [7, 'x64.efi'],
        [11, 'arm.efi'],
      ]),
    };
    expect(decide({ name: '', client, settings, want: undefined }).file).toBe('arm.efi');
  });

  test('decideBoot() a root that is not ours to see: the named boot file for everybody', () => {
    const settings = { bootFile: 'pxelinux.0', archFiles: new Map() };
    expect([rom(0), rom(7), IPXE_BIOS].map((client) => decideBoot(client, { settings }).file)).toEqual(
      Array.from({ length: 3 }, () => 'pxelinux.0'),
    );
  });
});

describe('iPXE', () => {
  check([
    {
      name: 'boot.ipxe of the root',
      client: IPXE_BIOS,
      files: ['boot.ipxe', 'autoexec.ipxe'],
      want: 'boot.ipxe',
    },
    { name: 'autoexec.ipxe else', client: IPXE_BIOS, files: ['autoexec.ipxe'], want: 'autoexec.ipxe' },
    {
      name: 'the configured URL',
      client: IPXE_BIOS,
      settings: { ipxeFile: 'http://10.0.0.1/a.ipxe' },
      files: ['boot.ipxe'],
      want: 'http://10.0.0.1/a.ipxe',
    },
    { name: 'pxelinux.0 without a script', client: IPXE_BIOS, want: 'pxelinux.0' },
    {
      name: 'never an iPXE boot file',
      client: IPXE_BIOS,
      settings: { bootFile: 'undionly.kpxe' },
      want: undefined,
      reason: /undionly.kpxe is iPXE itself/,
    },
    {
      name: 'never an iPXE file of its architecture',
      client: IPXE_UEFI,
      settings: { archFiles: new Map([[7, 'snponly.efi']]) },
      files: ['snponly.efi'],
      want: undefined,
      reason: /snponly.efi is iPXE itself/,
    },
    {
      name: 'never an iPXE binary for a script',
      client: IPXE_BIOS,
      settings: { ipxeFile: 'ipxe.lkrn' },
      want: 'pxelinux.0',
      reason: /ipxe.lkrn is iPXE itself/,
    },
    {
      name: 'never iPXE, when that is the machine’s own file: the script',
      client: IPXE_BIOS,
      machineFile: 'ipxe/undionly.kpxe',
      files: ['ipxe/undionly.kpxe', 'boot.ipxe'],
      want: 'boot.ipxe',
      reason: /ipxe\/undionly.kpxe is iPXE itself/,
    },
    { name: 'the machine’s own script', client: IPXE_BIOS, machineFile: 'own.ipxe', want: 'own.ipxe' },
    {
      name: 'never iPXE by a URL with a query',
      client: IPXE_UEFI,
      machineFile: 'http://10.0.0.1/ipxe.efi?for=me',
      settings: { bootFile: 'snponly.efi' },
      want: undefined,
    },
    {
      name: 'UEFI: another loader, not iPXE',
      client: IPXE_UEFI,
      files: ['ipxe.efi', 'grubnetx64.efi'],
      want: 'grubnetx64.efi',
    },
    {
      name: 'without HTTP: a script it can load',
      client: { ...IPXE_BIOS, ipxeHttp: false },
      settings: { ipxeFile: 'http://10.0.0.1/a.ipxe' },
      files: ['boot.ipxe'],
      want: 'boot.ipxe',
      reason: /without HTTP/,
    },
    {
      name: 'without HTTP and script: the boot file',
      client: { ...IPXE_BIOS, ipxeHttp: false },
      settings: { ipxeFile: 'https://10.0.0.1/a.ipxe' },
      want: 'pxelinux.0',
    },
  ]);

  test.each([
    ['undionly.kpxe', true],
    ['boot/undionly.kkpxe', true],
    ['ipxe.efi', true],
    ['ipxe-arm64.efi', true],
    ['snponly-arm64.efi', true],
    ['SNPONLY.EFI', true],
    ['ipxe.lkrn', true],
    ['ipxe.pxe', true],
    ['boot.ipxe', false],
    ['pxelinux.0', false],
    ['ipxe/pxelinux.0', false],
    ['shimx64.efi', false],
    ['http://10.0.0.1/ipxe.efi?mac=x', true],
    ['http://10.0.0.1/boot.php?then=ipxe.txt', false],
  ])('isIpxeBinary() %s: %s', (path, want) => {
    expect(isIpxeBinary(path)).toBe(want);
  });
});

describe('others', () => {
  const HTTP = rom(16, { kind: 'http' });
  check([
    {
      name: 'HTTP without a URL: nothing',
      client: HTTP,
      files: ['bootx64.efi'],
      want: undefined,
      reason: /no URL is configured/,
    },
    {
      name: 'HTTP with a URL',
      client: HTTP,
      settings: { archFiles: new Map([[16, 'http://h/x.efi']]) },
      want: 'http://h/x.efi',
    },
    {
      name: 'HTTP with a path: nothing, and says why',
      client: HTTP,
      settings: { archFiles: new Map([[16, 'x.efi']]) },
      want: undefined,
      reason: /x.efi is no URL/,
    },
    {
      name: 'HTTP is not served the PXE file of the same processor',
      client: HTTP,
      settings: { archFiles: new Map([[7, 'x.efi']]) },
      want: undefined,
    },
  ]);
});

describe('HTTP clients, with the root at a URL (boot.http)', () => {
  const httpUrl = 'http://10.0.0.1/boot/';
  const X64 = rom(16, { kind: 'http' });
  const rows: { name: string; code: number; files: string[]; want: string }[] = [
    { name: 'x86-64', code: 16, files: ['pxelinux.0', 'bootx64.efi'], want: 'bootx64.efi' },
    { name: 'EBC, the twin', code: 17, files: ['bootx64.efi'], want: 'bootx64.efi' },
    { name: 'IA32', code: 15, files: ['bootia32.efi', 'bootx64.efi'], want: 'bootia32.efi' },
    { name: 'ARM32', code: 18, files: ['bootarm.efi'], want: 'bootarm.efi' },
    { name: 'ARM64', code: 19, files: ['efi/grubaa64.efi'], want: 'efi/grubaa64.efi' },
    { name: 'BIOS', code: 20, files: ['pxelinux.0'], want: 'pxelinux.0' },
    { name: 'RISC-V 32', code: 26, files: ['bootriscv32.efi'], want: 'bootriscv32.efi' },
    { name: 'RISC-V 64', code: 28, files: ['bootriscv64.efi'], want: 'bootriscv64.efi' },
    { name: 'RISC-V 128', code: 30, files: ['bootriscv128.efi'], want: 'bootriscv128.efi' },
    { name: 'LoongArch 32', code: 38, files: ['bootloongarch32.efi'], want: 'bootloongarch32.efi' },
    { name: 'LoongArch 64', code: 40, files: ['bootloongarch64.efi'], want: 'bootloongarch64.efi' },
    { name: 'iPXE, with a script for it', code: 16, files: ['ipxe.efi', 'boot.ipxe'], want: 'ipxe.efi' },
  ];
  check(
    rows.map(({ name, code, files, want }) => ({
      name: `${name}: the loader of its processor`,
      client: rom(code, { kind: 'http' }),
      files,
      settings: { httpUrl },
      want: httpUrl + want,
      reason: /by HTTP/,
    })),
  );
  check([
    {
      name: 'no loader in the root: nothing, and why',
      client: X64,
      files: ['pxelinux.0'],
      settings: { httpUrl },
      want: undefined,
      reason: /no UEFI loader in the root/,
    },
    {
      name: 'the machine’s own file',
      client: X64,
      machineFile: '/efi/own loader.efi',
      settings: { httpUrl },
      want: 'http://10.0.0.1/boot/efi/own%20loader.efi',
    },
    {
      name: 'a URL as it stands',
      client: X64,
      machineFile: 'https://elsewhere/own loader.efi',
      settings: { httpUrl },
      want: 'https://elsewhere/own loader.efi',
    },
    {
      name: 'without boot.http the machine’s own path is no use, and it says so',
      client: X64,
      machineFile: 'own.efi',
      want: undefined,
      reason: /own file is no URL/,
    },
    {
      name: 'the path configured for its architecture',
      client: X64,
      settings: { httpUrl, archFiles: new Map([[16, 'iso/live.iso']]) },
      want: 'http://10.0.0.1/boot/iso/live.iso',
    },
    {
      name: 'letters that a URL has not, but the placeholders stay',
      client: X64,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
      settings: { httpUrl: 'http://${next-server}/', archFiles: new Map([[16, 'b/${mac}/ü 50%?#.efi']]) },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
      want: 'http://${next-server}/b/${mac}/%C3%BC%2050%25%3F%23.efi',
    },
    { name: 'a PXE client gets a path as ever', client: rom(0), settings: { httpUrl }, want: 'pxelinux.0' },
  ]);
});

test('decideBoot() an HTTP client gets the file of its rule below boot.http, or is told why not', () => {
  const client = rom(16, { kind: 'http' });
  const ruleFile = { file: 'lab/shim.efi', rule: 2 };
  const settings = { bootFile: 'pxelinux.0', archFiles: new Map<number, string>() };
  const withUrl = { ...settings, httpUrl: 'http://h/' };
  expect(decideBoot(client, { settings: withUrl, ruleFile }).file).toBe('http://h/lab/shim.efi');
  expect(decideBoot(client, { settings, ruleFile }).trace[0]).toMatch(/rules\[2\]: lab\/shim.efi is no URL/);
});

describe('BOOTP and U-Boot', () => {
  check([
    { name: 'BOOTP: the named file', client: BOOTP, want: 'pxelinux.0' },
    {
      name: 'BOOTP: the file it asks for',
      client: { ...BOOTP, askedFile: '/unix' },
      files: ['unix'],
      want: 'unix',
    },
    {
      name: 'BOOTP: not one outside the root',
      client: { ...BOOTP, askedFile: '../unix' },
      files: ['../unix'],
      want: 'pxelinux.0',
    },
    {
      name: 'U-Boot: the file it asks for',
      client: { ...UBOOT, askedFile: 'bzImage' },
      files: ['bzImage'],
      want: 'bzImage',
    },
    { name: 'U-Boot: else the named file', client: { ...UBOOT, askedFile: 'bzImage' }, want: 'pxelinux.0' },
  ]);
});

describe('a machine with a profile', () => {
  check([
    {
      name: 'iPXE gets the script that is rendered',
      client: IPXE_BIOS,
      profile: 'debian',
      want: 'boot.ipxe',
      reason: /boot\.ipxe, rendered for profile debian/,
    },
    {
      name: 'iPXE gets a script of the root before that',
      client: IPXE_UEFI,
      profile: 'debian',
      files: ['ipxe/boot.ipxe'],
      want: 'ipxe/boot.ipxe',
    },
    {
      name: 'iPXE without HTTP does without the URL, too',
      client: { ...IPXE_BIOS, ipxeHttp: false },
      profile: 'debian',
      settings: { ipxeFile: 'http://10.0.0.1/x.ipxe' },
      want: 'boot.ipxe',
    },
    {
      name: 'UEFI may be sent to iPXE, which will find a script',
      client: rom(7),
      profile: 'debian',
      files: ['ipxe.efi'],
      want: 'ipxe.efi',
    },
    {
      name: 'UEFI without a profile may not',
      client: rom(7),
      files: ['ipxe.efi'],
      want: undefined,
    },
    { name: 'BIOS gets its loader as ever', client: rom(0), profile: 'debian', want: 'pxelinux.0' },
  ]);

  test('decideBoot() renders nothing where the root is another machine’s', () => {
    const settings = { bootFile: '', archFiles: new Map<number, string>() };
    expect(decideBoot(IPXE_BIOS, { settings, profile: 'debian' }).file).toBeUndefined();
  });
});
