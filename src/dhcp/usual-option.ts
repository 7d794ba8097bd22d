import {
  OPTION_TABLE,
  type OptionKey,
  type Options,
  type OptionValue,
  writeOption,
} from '../dhcp-packet/index.ts';

/** Values of one option whose octets are kept. */
const MOST = 64;

/**
 * Writes an option that has few values in many replies: the octets of each are made once. What is not a number or a text must not
 * change once it was written.
 */
export function usualOption<K extends OptionKey>(key: K): (options: Options, value: OptionValue<K>) => void {
  const { code } = OPTION_TABLE[key];
  const bodies = new Map<OptionValue<K>, Uint8Array>();
  return (options, value) => {
    const known = bodies.get(value);
    if (known) {
      options.set(code, known);
      return;
    }
    writeOption(options, key, value);
    if (bodies.size >= MOST) bodies.clear();
    bodies.set(value, options.get(code)!);
  };
}
