import { ARCHS } from '../boot/arch-table.ts';

/** Names of client architectures that a configuration may use. */
export const ARCH_NAMES: readonly string[] = ARCHS.map((arch) => arch.name);
