/** One row of IANA's "Processor Architecture Types" (RFC 5970 §3.3, grown out of RFC 4578 §2.1). */
export type Arch = {
  readonly code: number;
  /** As in dnsmasq's pxe-service where it has one: the name in the configuration, logs and events. */
  readonly name: string;
  /** Processor family: what a loader must be built for. */
  readonly cpu: Cpu;
  readonly firmware: 'bios' | 'efi' | 'u-boot' | 'other';
  /** Boots by URL: the reply must be an HTTPClient's. */
  readonly http: boolean;
};

export type Cpu =
  | 'x86'
  | 'x64'
  | 'arm'
  | 'aa64'
  | 'riscv32'
  | 'riscv64'
  | 'riscv128'
  | 'loongarch32'
  | 'loongarch64'
  | 'other';

/** `[code, name, cpu, firmware, http?]` */
type Row = readonly [number, string, Cpu, Arch['firmware'], 'http'?];

const ROWS: readonly Row[] = [
  [0, 'x86PC', 'x86', 'bios'],
  [1, 'PC98', 'other', 'other'],
  [2, 'IA64_EFI', 'other', 'efi'],
  [3, 'Alpha', 'other', 'other'],
  [4, 'Arc_x86', 'other', 'other'],
  [5, 'Intel_Lean_Client', 'other', 'other'],
  [6, 'IA32_EFI', 'x86', 'efi'],
  [7, 'x86-64_EFI', 'x64', 'efi'],
  [8, 'Xscale_EFI', 'other', 'efi'],
  // RFC 4578 printed 7 and 9 the other way round (errata 2016): old x64 firmware says 9.
  [9, 'BC_EFI', 'x64', 'efi'],
  [10, 'ARM32_EFI', 'arm', 'efi'],
  [11, 'ARM64_EFI', 'aa64', 'efi'],
  [12, 'PPC_OpenFirmware', 'other', 'other'],
  [13, 'PPC_ePAPR', 'other', 'other'],
  [14, 'POWER_OPAL', 'other', 'other'],
  [15, 'IA32_HTTP', 'x86', 'efi', 'http'],
  [16, 'x86-64_HTTP', 'x64', 'efi', 'http'],
  [17, 'BC_HTTP', 'x64', 'efi', 'http'],
  [18, 'ARM32_HTTP', 'arm', 'efi', 'http'],
  [19, 'ARM64_HTTP', 'aa64', 'efi', 'http'],
  [20, 'x86PC_HTTP', 'x86', 'bios', 'http'],
  [21, 'ARM32_U-Boot', 'arm', 'u-boot'],
  [22, 'ARM64_U-Boot', 'aa64', 'u-boot'],
  [23, 'ARM32_U-Boot_HTTP', 'arm', 'u-boot', 'http'],
  [24, 'ARM64_U-Boot_HTTP', 'aa64', 'u-boot', 'http'],
  [25, 'RISCV32_EFI', 'riscv32', 'efi'],
  [26, 'RISCV32_HTTP', 'riscv32', 'efi', 'http'],
  [27, 'RISCV64_EFI', 'riscv64', 'efi'],
  [28, 'RISCV64_HTTP', 'riscv64', 'efi', 'http'],
  [29, 'RISCV128_EFI', 'riscv128', 'efi'],
  [30, 'RISCV128_HTTP', 'riscv128', 'efi', 'http'],
  [31, 's390_Basic', 'other', 'other'],
  [32, 's390_Extended', 'other', 'other'],
  [33, 'MIPS32_EFI', 'other', 'efi'],
  [34, 'MIPS64_EFI', 'other', 'efi'],
  [35, 'Sunway32_EFI', 'other', 'efi'],
  [36, 'Sunway64_EFI', 'other', 'efi'],
  [37, 'LoongArch32_EFI', 'loongarch32', 'efi'],
  [38, 'LoongArch32_HTTP', 'loongarch32', 'efi', 'http'],
  [39, 'LoongArch64_EFI', 'loongarch64', 'efi'],
  [40, 'LoongArch64_HTTP', 'loongarch64', 'efi', 'http'],
  [41, 'ARM_rpiboot', 'aa64', 'other'],
];

/** Every known architecture, in the order of its code. */
export const ARCHS: readonly Arch[] = ROWS.map(([code, name, cpu, firmware, http]) => ({
  code,
  name,
  cpu,
  firmware,
  http: http !== undefined,
}));

const BY_CODE = new Map(ARCHS.map((arch) => [arch.code, arch]));
const BY_NAME = new Map(ARCHS.map((arch) => [arch.name.toLowerCase(), arch]));

/** The row of a code; an unknown code is named by its number and boots nothing of ours. */
export function archOf(code: number): Arch {
  return BY_CODE.get(code) ?? { code, name: `arch-${code}`, cpu: 'other', firmware: 'other', http: false };
}

/**
 * The code of a name (any case) or of a decimal number, as configurations write them; undefined when it is neither.
 *
 * ```ts
 * archCode('x86-64_EFI'); // 7
 * archCode('11'); // 11
 * ```
 */
export function archCode(text: string): number | undefined {
  const row = BY_NAME.get(text.toLowerCase());
  if (row) return row.code;
  return /^\d{1,5}$/.test(text) && Number(text) <= 0xffff ? Number(text) : undefined;
}

/** Codes that mean the same machine: 7 and 9, and their HTTP twins 16 and 17. The code itself comes first. */
export function sameArchs(code: number): readonly number[] {
  const twins: Readonly<Record<number, number>> = { 7: 9, 9: 7, 16: 17, 17: 16 };
  const twin = twins[code];
  return twin === undefined ? [code] : [code, twin];
}
