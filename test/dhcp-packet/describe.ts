import {
  type DecodedPacket,
  type DhcpPacket,
  decode,
  OPTION_BY_CODE,
  type Options,
} from '../../src/dhcp-packet/index.ts';
import { toHex } from '../../src/lib/bytes.ts';

/** Every option as its value, by name; as hex, and named by its number, when no table knows it. */
export function describeOptions(options: Options): Record<string, unknown> {
  const described: Record<string, unknown> = {};
  for (const [code, body] of options) {
    const row = OPTION_BY_CODE[code];
    const value = row?.shape.decode(body);
    if (row === undefined) described[`option-${code}`] = toHex(body);
    else described[row.key] = value?.ok ? value.value : value;
  }
  return described;
}

/** The header alone. */
export function headerOf({ options: _, ...header }: DhcpPacket): Omit<DhcpPacket, 'options'> {
  return header;
}

/** The value of `decode`, or an exception when there is none. */
export function mustDecode(bytes: Uint8Array): DecodedPacket {
  const result = decode(bytes);
  if (!result.ok) throw new Error(`rejected: ${result.reason}`);
  return result.value;
}
