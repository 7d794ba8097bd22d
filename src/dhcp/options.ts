import type { RawOption } from './settings.ts';

/** `over` and what it does not replace of `base`. */
export function mergeOptions(base: readonly RawOption[], over: readonly RawOption[]): readonly RawOption[] {
  if (base.length === 0) return over;
  return [...base.filter(({ code }) => !over.some((option) => option.code === code)), ...over];
}
