/** Text with `${name}` in it. A `$` without a brace behind it is a `$`. */

const PLACEHOLDER = /\$\{([^{}]*)\}/g;

/** The names in it, in order. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** Is there a `${` that no `}` follows, or with braces in between? */
export function isBroken(text: string): boolean {
  return text.replace(PLACEHOLDER, '').includes('${');
}

/** Puts `lookUp(name)` for each; what has none stays as it is. */
export function fillPlaceholders(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => lookUp(name) ?? whole);
}
