import { latin1Decode } from '../lib/bytes.ts';

/** UTF-8 octets as latin1 text: the way wire strings are kept. */
export function wireText(text: string): string {
  return isAscii(text) ? text : latin1Decode(new TextEncoder().encode(text));
}

/** Then UTF-8 and latin1 are the same octets, and nothing has to be converted. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
