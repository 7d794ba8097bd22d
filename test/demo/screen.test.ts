import { describe, expect, test } from 'vitest';
import { createLines, createScreen } from '../../src/demo/screen.ts';

describe('createScreen()', () => {
  test.each([
    [false, 'node1 | up\n'],
    [true, '\x1b[32mnode1 |\x1b[0m up\n'],
  ])('tags a line, colours %s', (colours, want) => {
    const written: string[] = [];
    createScreen((text) => written.push(text), colours).say('node1', 'up');
    expect(written).toEqual([want]);
  });

  test('keeps tags in one column', () => {
    const written: string[] = [];
    createScreen((text) => written.push(text), false).say('pxed', 'up');
    expect(written).toEqual(['pxed  | up\n']);
  });
});

describe('createLines()', () => {
  function read(...chunks: string[]): string[] {
    const seen: string[] = [];
    const lines = createLines((line) => seen.push(line));
    for (const chunk of chunks) lines.push(chunk);
    lines.end();
    return seen;
  }

  test.each([
    ['joins what arrives in pieces', ['Sea', 'BIOS\r', '\nok\n'], ['SeaBIOS', 'ok']],
    ['tells the last line without an end', ['a\nb'], ['a', 'b']],
    ['drops terminal control and empty lines', ['\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS\n\n \n'], ['SeaBIOS']],
    ['takes a cursor position for a line end', ['one\x1b[12;1Htwo'], ['one', 'two']],
  ])('%s', (_, chunks, want) => {
    expect(read(...chunks)).toEqual(want);
  });
});
