import type { RawOption, Terms } from './settings.ts';

/** `over` and what it does not replace of `base`. */
export function mergeOptions(base: readonly RawOption[], over: readonly RawOption[]): readonly RawOption[] {
  if (base.length === 0) return over;
  return [...base.filter(({ code }) => !over.some((option) => option.code === code)), ...over];
}

/** The options of a wider circle without those that a narrower one says by a word of its own. */
export function withoutNamed(
  options: readonly RawOption[],
  { routers, dns, domain }: Pick<Terms, 'routers' | 'dns' | 'domain'>,
): readonly RawOption[] {
  const named = [routers && 3, dns && 6, domain !== undefined && 15];
  return options.some(({ code }) => named.includes(code))
    ? options.filter(({ code }) => !named.includes(code))
    : options;
}
