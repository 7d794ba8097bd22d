import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complete } from '../../../src/cli/ptftp-shell/complete.ts';
import { splitLine } from '../../../src/cli/ptftp-shell/words.ts';

const FOLDERS: Record<string, string[]> = {
  '.': ['notes.txt', 'my file', 'dir/', '.hidden', "don't", 'steers\u001b[2J'],
  'dir/': ['inner', 'deep/'],
};
const OFFERED = {
  listFolder: (path: string) => FOLDERS[path] ?? [],
  known: ['pxelinux.0', 'pxelinux.cfg/default'],
};

describe('complete()', () => {
  test.each([
    ['con', ['connect '], 'con'],
    ['b', ['binary', 'blksize'], 'b'],
    ['nothing', [], 'nothing'],
    ['get pxe', ['pxelinux.0', 'pxelinux.cfg/default'], 'pxe'],
    ['get pxelinux.c', ['pxelinux.cfg/default '], 'pxelinux.c'],
    ['get -f pxelinux.0', ['pxelinux.0 '], 'pxelinux.0'],
    ['g pxelinux.0 no', ['notes.txt '], 'no'],
    ['put ', ["don\\'t", 'dir/', 'my\\ file', 'notes.txt'], ''],
    ['put my', ['my\\ file '], 'my'],
    ['put my\\ f', ['my\\ file '], 'my\\ f'],
    ['put "my', ['"my file" '], '"my'],
    ["put 'don", ["don\\'t "], "'don"],
    ['put d', ["don\\'t", 'dir/'], 'd'],
    ['put di', ['dir/'], 'di'],
    ['put "di', ['"dir/'], '"di'],
    ['put dir/', ['dir/deep/', 'dir/inner'], 'dir/'],
    ['put dir/i', ['dir/inner '], 'dir/i'],
    ['put st', [], 'st'],
    ['put .', ['.hidden '], '.'],
    ['put nowhere/x', [], 'nowhere/x'],
    ['mode n', ['netascii '], 'n'],
    ['mode octet o', [], 'o'],
    ['verbose o', ['off', 'on'], 'o'],
    ['help st', ['status '], 'st'],
    ['quit ', [], ''],
    ['nonsense x', [], 'x'],
  ])('%j', (line, hits, typed) => {
    const [offered, replaced] = complete(line, OFFERED);
    expect([offered.sort(), replaced]).toEqual([hits.sort(), typed]);
  });

  test('what it offers means what was completed, for any line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('g', 'put ', ' ', 'm', 'd', '"', "'", '\\') }),
        (line) => {
          const [hits, typed] = complete(line, OFFERED);
          expect(line.endsWith(typed)).toBe(true);
          const before = line.slice(0, line.length - typed.length);
          for (const hit of hits.filter((each) => each.endsWith(' '))) {
            expect(splitLine(`${before}${hit}`).ok).toBe(true);
          }
        },
      ),
    );
  });
});
