import { expect, test } from 'vitest';
import { printJson, printJsonLine } from '../../../src/app/output/json.ts';
import { harmlessLines } from '../../../src/lib/harmless.ts';

const EVIL = { name: 'a\u001b]0;x\u0007\n\u009b2J\u007f\u202e\u2028ü', list: ['\u0085'] };

test.each([printJson, printJsonLine])(
  'printing JSON %# shows what a terminal does not act on, and programs read as it was',
  (print) => {
    const written: string[] = [];
    print({ write: (more) => void written.push(more) }, EVIL);
    const text = written.join('');
    expect(harmlessLines(text)).toBe(text);
    expect(text).toContain('ü');
    expect(JSON.parse(text)).toEqual(EVIL);
  },
);

test('printJson() prints nothing as null', () => {
  const lines: string[] = [];
  printJson({ write: (line) => void lines.push(line) }, undefined);
  expect(lines).toEqual(['null\n']);
});
