/** Says lines of several speakers on one screen, each with its tag; colours on a terminal only. */
export type Screen = { say(tag: string, text: string): void };

const COLOURS: { readonly [tag: string]: string } = { pxed: '36', node1: '32', demo: '1' };

/** `colours` wants to be true for terminals without NO_COLOR. */
export function createScreen(write: (text: string) => void, colours: boolean): Screen {
  return {
    say(tag, text) {
      const label = tag.padEnd(5);
      const colour = COLOURS[tag];
      write(`${colours && colour ? `\x1b[${colour}m${label} |\x1b[0m` : `${label} |`} ${text}\n`);
    },
  };
}

/** Terminal control that firmware and loaders send to a serial line: CSI, other escapes, single control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /\x1b\[[0-9;?=]*[A-Za-z]|\x1b[^[]|[\x00-\x08\x0b-\x1f\x7f]/g;

/**
 * Cuts a stream of text into lines. Carriage returns and cursor movements count as line ends, so that what a machine
 * draws on its screen can be read one after the other; lines without text are dropped.
 */
export function createLines(onLine: (line: string) => void): { push(text: string): void; end(): void } {
  let rest = '';
  const tell = (line: string) => {
    const plain = line.replace(CONTROL, '').trimEnd();
    if (plain !== '') onLine(plain);
  };
  return {
    push(text) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: cursor positions are line ends here
      const parts = (rest + text).split(/[\r\n]+|\x1b\[[0-9;]*[Hf]/);
      rest = parts.pop() ?? '';
      for (const part of parts) tell(part);
    },
    end() {
      tell(rest);
      rest = '';
    },
  };
}
