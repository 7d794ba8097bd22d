/** No configuration is nested so deep; what reads YAML takes gigabytes, and then its stack is full, for a text of brackets alone. */
const MOST = 1000;

/** `- - - …` and `? ? ? …`: each is a level, without a bracket. */
const COMPACT = new RegExp(`(?:[-?][ \\t]+){${MOST}}`);

/** Why a text is not read at all; undefined where it may be. Brackets count wherever they stand: nobody writes a thousand unclosed. */
export function whyTooDeep(text: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) {
      if (++depth > MOST) return TOO_DEEP;
    } else if ((code === 0x5d || code === 0x7d) && depth > 0) depth--;
  }
  return COMPACT.test(text) ? TOO_DEEP : undefined;
}

const TOO_DEEP = `nested more than ${MOST} deep`;

/** The same for data that came as JSON. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
