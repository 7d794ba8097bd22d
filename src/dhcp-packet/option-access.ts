import type { Decoded } from '../lib/result.ts';
import { writeText } from './octets.ts';
import { OPTION_TABLE, type OptionKey, type OptionValue } from './option-table.ts';
import type { Options } from './packet.ts';
import { type PxeOptions, pxeOptions } from './pxe.ts';
import { encodeBody, type Shape } from './shapes/shape.ts';

function shapeOf<K extends OptionKey>(key: K): Shape<OptionValue<K>> {
  return OPTION_TABLE[key].shape as unknown as Shape<OptionValue<K>>;
}

/**
 * The value of an option; undefined means that it is absent, and nothing else.
 *
 * Octets inside a value are views of the body. `decode` has dropped every option that its shape cannot read, so
 * that this does not throw on its packets; throws TypeError when a caller has put such octets into the map.
 *
 * @example
 * readOption(packet.options, 'client-arch'); // [7]
 */
export function readOption<K extends OptionKey>(options: Options, key: K): OptionValue<K> | undefined {
  const result = tryOption(options, key);
  if (result === undefined || result.ok) return result?.value;
  throw new TypeError(`Cannot read option ${OPTION_TABLE[key].code} (${key}): ${result.reason}`);
}

/** The same for octets of unknown origin: undefined when absent, else a value or the reason why there is none. */
export function tryOption<K extends OptionKey>(
  options: Options,
  key: K,
): Decoded<OptionValue<K>> | undefined {
  const body = options.get(OPTION_TABLE[key].code);
  return body && shapeOf(key).decode(body);
}

/**
 * Sets an option. Throws TypeError or RangeError for a value that its RFC does not allow.
 *
 * @example
 * writeOption(packet.options, 'routers', [0x0a000001]);
 */
export function writeOption<K extends OptionKey>(options: Options, key: K, value: OptionValue<K>): void {
  options.set(OPTION_TABLE[key].code, encodeBody(shapeOf(key), value));
}

/**
 * Sets option 66 or 67 without the final NUL that `writeOption` gives them: for the client that takes the NUL for
 * a part of the name. Throws RangeError for empty text and for characters beyond latin1.
 */
export function writePlainText(
  options: Options,
  key: 'tftp-server-name' | 'bootfile-name',
  value: string,
): void {
  if (value === '') throw new RangeError('Cannot encode text: at least one character is needed');
  const body = new Uint8Array(value.length);
  writeText(body, 0, value);
  options.set(OPTION_TABLE[key].code, body);
}

/** Option 43 in PXE's layout; meaningful when the vendor class (60) begins with PXEClient. */
export function readPxe(options: Options): PxeOptions | undefined {
  const body = options.get(43);
  if (body === undefined) return undefined;
  const result = pxeOptions.decode(body);
  return result.ok ? result.value : undefined; // it is lenient: problems are inside the value
}

/**
 * Sets option 43 in PXE's layout, closed by its own end mark.
 *
 * @example
 * writePxe(packet.options, { values: { discoveryControl: DiscoveryControl.useBootFile } }); // 06 01 08 ff
 */
export function writePxe(options: Options, value: PxeOptions): void {
  options.set(43, encodeBody(pxeOptions, value));
}

/** Largest UDP payload that every client must take: an IP datagram of 576 octets (RFC 2131 §2). */
export const MINIMUM_BUDGET = 576 - 28;

/**
 * How many octets of UDP payload a reply may have: option 57 less the 28 octets of IP and UDP headers that it
 * counts (RFC 2132 §9.10), never below 548 (a smaller 57 is illegal and read as 576) and never more than fits
 * `mtu`, for a boot ROM does not put fragments together. OVMF sends 65280 there, so do not go without an MTU.
 */
export function replyBudget(request: Options, mtu: number): number {
  const asked = (readOption(request, 'max-message-size') ?? 576) - 28;
  return Math.max(MINIMUM_BUDGET, Math.min(asked, mtu - 28));
}

/** Options that only make sense to who joins parts: 119 (RFC 3397 §2), 120, 121 (RFC 3442), 124, 125 (RFC 3925). */
const NEEDS_JOINING: readonly number[] = [119, 120, 121, 124, 125];

/**
 * May replies to this client hold options in parts (`maySplit`)? RFC 3396 §4: it counts as able to join them when
 * it sends or asks for an option that requires it.
 */
export function joinsLongOptions(request: Options): boolean {
  const asked = request.get(55);
  return NEEDS_JOINING.some((code) => request.has(code) || asked?.includes(code));
}
