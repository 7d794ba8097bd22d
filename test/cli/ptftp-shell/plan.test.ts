import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandProblem } from '../../../src/cli/ptftp-shell/command.ts';
import { planGet, planPut } from '../../../src/cli/ptftp-shell/plan.ts';
import { TftpError } from '../../../src/lib/tftp-error.ts';

const HERE = { host: 'h', port: 70, literal: false };

/** `get h:70 a -> b`. */
function shown({ jobs, force }: ReturnType<typeof planGet>): string[] {
  const lines = jobs.map(({ what, host, port, file, local, mode }) =>
    [
      what,
      `${host}:${port}`,
      ...(what === 'get' ? [file, '->', local] : [local, '->', file]),
      ...(mode === undefined ? [] : [mode]),
    ].join(' '),
  );
  return force ? ['force', ...lines] : lines;
}

describe('planGet()', () => {
  test.each([
    ['a', ['get h:70 a -> a']],
    ['dir/a', ['get h:70 dir/a -> a']],
    ['\\boot\\bcd', ['get h:70 \\boot\\bcd -> bcd']],
    ['a b', ['get h:70 a -> b']],
    ['a -', ['get h:70 a -> -']],
    ['a dir/', ['get h:70 a -> dir/']],
    ['a b c', ['get h:70 a -> a', 'get h:70 b -> b', 'get h:70 c -> c']],
    ['a b dir/', ['get h:70 a -> dir/a', 'get h:70 b -> dir/b']],
    ['-f a', ['force', 'get h:70 a -> a']],
    ['--force a b', ['force', 'get h:70 a -> b']],
    ['-- -f', ['get h:70 -f -> -f']],
    ['other:a', ['get other:70 a -> a']],
    ['other:dir/a b', ['get other:70 dir/a -> b']],
    ['[fe80::1%eth0]:a', ['get fe80::1%eth0:70 a -> a']],
    ['a other:b c', ['get h:70 a -> a', 'get other:70 b -> b', 'get other:70 c -> c']],
    ['tftp://u/x/a', ['get u:69 x/a -> a']],
    ['tftp://u:71/a;mode=netascii b', ['get u:71 a -> b netascii']],
    ['C:\\boot\\bcd', ['get h:70 C:\\boot\\bcd -> bcd']],
  ])('%s', (words, transfers) => {
    expect(shown(planGet(words.split(' '), HERE))).toEqual(transfers);
  });

  test('literal names keep their colons', () => {
    const literal = { ...HERE, literal: true };
    expect(shown(planGet(['other:a'], literal))).toEqual(['get h:70 other:a -> other:a']);
    expect(shown(planGet(['tftp://u/a', 'b'], literal))).toEqual(['get h:70 tftp://u/a -> b']);
  });

  test('names a server where there is none', () => {
    const nowhere = { ...HERE, host: undefined };
    expect(shown(planGet(['other:a'], nowhere))).toEqual(['get other:70 a -> a']);
    expect(() => planGet(['a'], nowhere)).toThrow('Connected to no server: connect HOST [PORT]');
  });

  test.each([
    ['', 'get what? get [-f] FILE [LOCAL]'],
    ['-f', 'get what? get [-f] FILE [LOCAL]'],
    ['-x a', '-x: the only option is -f (a name that begins with - comes behind --)'],
    ['other:', '"other:" names no file'],
    ['..', '".." names no file'],
    ['a b ..', '".." names no file'],
  ])('"%s" is refused', (words, problem) => {
    expect(() => planGet(words.split(' ').filter(Boolean), HERE)).toThrow(problem);
  });

  test('a URL that is none is refused in words', () => {
    expect(() => planGet(['tftp://h'], HERE)).toThrow(TftpError);
  });
});

describe('planPut()', () => {
  test.each([
    ['a', ['put h:70 a -> a']],
    ['dir/a', ['put h:70 dir/a -> a']],
    ['a b', ['put h:70 a -> b']],
    ['a dir/', ['put h:70 a -> dir/a']],
    ['x/a y/b dir', ['put h:70 x/a -> dir/a', 'put h:70 y/b -> dir/b']],
    ['a b /', ['put h:70 a -> /a', 'put h:70 b -> /b']],
    ['a other:', ['put other:70 a -> a']],
    ['a b other:dir', ['put other:70 a -> dir/a', 'put other:70 b -> dir/b']],
    ['a tftp://u:71/in/b', ['put u:71 a -> in/b']],
  ])('%s', (words, transfers) => {
    expect(shown(planPut(words.split(' '), HERE))).toEqual(transfers);
  });

  test.each([
    ['', 'put what? put LOCAL [FILE]'],
    ['- a', 'Standard input has the commands: use ptftp HOST put - NAME'],
    ['..', '".." names no file'],
  ])('"%s" is refused', (words, problem) => {
    expect(() => planPut(words.split(' ').filter(Boolean), HERE)).toThrow(problem);
  });
});

test('plans of any words name files, or say why not', () => {
  const word = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('a', ':', '/', '[', ']', '-', 'f', '.', '\\') }),
  );
  fc.assert(
    fc.property(fc.array(word), fc.constantFrom(planGet, planPut), (words, plan) => {
      try {
        for (const { local, host } of plan(words, HERE).jobs) {
          expect(host).not.toBe('');
          expect(typeof local).toBe('string');
        }
      } catch (error) {
        if (!(error instanceof CommandProblem) && !(error instanceof TftpError)) throw error;
      }
    }),
  );
});
