import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/ui/api/shapes.ts';
import {
  chosen,
  countsLine,
  countsOf,
  groupOf,
  held,
  matches,
  nameOf,
  stepsOf,
} from '../../src/ui/model/machine-list.ts';

function machine(id: string, more: Partial<Machine> = {}): Machine {
  return { id, stage: 'loader', stageText: 'fetches', since: 0, lastSeen: 0, bytes: 0, boots: 1, ...more };
}

const ALL = [
  machine('52:54:00:00:00:0a', { hostname: 'node10', stage: 'system', bytes: 30, since: 3 }),
  machine('52:54:00:00:00:02', { hostname: 'node2', stage: 'failed', failure: 'no', bytes: 10, since: 1 }),
  machine('52:54:00:00:00:03', { stage: 'kernel', ip: '10.0.0.3', profile: 'debian', bytes: 20, since: 2 }),
  machine('10.0.0.9', { stage: 'done', since: 9 }),
];

test.each([
  ['address', 'booting', 1],
  ['initrd', 'booting', 5],
  ['system', 'booted', 6],
  ['done', 'booted', 6],
  ['failed', 'failed', 0],
  ['files', 'files', 0],
] as const)('groupOf() and stepsOf() of a machine at %s', (stage, group, steps) => {
  expect(groupOf({ stage })).toBe(group);
  expect(stepsOf({ stage })).toBe(steps);
});

test('countsOf() counts each machine in one group', () => {
  expect(countsOf(ALL)).toEqual({ all: 4, booting: 1, booted: 2, failed: 1, files: 0 });
  expect(countsLine(countsOf(ALL))).toBe('2 of 4 booted, 1 failed');
  expect(countsLine(countsOf([ALL[0]!]))).toBe('1 of 1 booted');
  const byHand = machine('10.0.0.8', { stage: 'files' });
  expect(countsLine(countsOf([...ALL, byHand]))).toBe('2 of 4 booted, 1 failed');
  expect(countsLine(countsOf([]))).toBe('No machine has asked yet');
});

test('nameOf() is what people call it', () => {
  expect(nameOf({ id: '10.0.0.9' })).toBe('10.0.0.9');
  expect(nameOf({ id: 'x', mac: '52:54:00:00:00:02' })).toBe('52:54:00:00:00:02');
  expect(nameOf({ id: 'x', mac: '52:54:00:00:00:02', hostname: 'node2' })).toBe('node2');
});

test.each([
  ['', true],
  ['  ', true],
  ['DEBIAN', true],
  ['10.0.0.3 kernel', true],
  ['10.0.0.3 failed', false],
])('matches() takes every word of %j', (text, wanted) => {
  expect(matches(ALL[2]!, text)).toBe(wanted);
});

describe('chosen()', () => {
  const idsBy = (by: 'name' | 'stage' | 'since' | 'bytes', descending = false) =>
    chosen(ALL, { group: 'all', text: '', sorting: { by, descending } }).map((id) => id.slice(-2));

  test('puts numbers in names in their order', () => {
    expect(idsBy('name')).toEqual(['.9', '03', '02', '0a']);
  });

  test('leaves hexadecimal digits of MACs in their order', () => {
    const macs = ['52:54:00:00:00:10', '52:54:00:00:00:0f', '52:54:00:00:00:03', '52:54:00:00:00:0a'];
    const sorting = { by: 'name', descending: false } as const;
    const ids = chosen(
      macs.map((id) => machine(id)),
      { group: 'all', text: '', sorting },
    );
    expect(ids.map((id) => id.slice(-2))).toEqual(['03', '0a', '0f', '10']);
  });

  test('sorts by what is wanted, both ways, and by name where that is the same', () => {
    expect(idsBy('since')).toEqual(['02', '03', '0a', '.9']);
    expect(idsBy('bytes', true)).toEqual(['0a', '03', '02', '.9']);
    expect(idsBy('stage')).toEqual(['02', '03', '.9', '0a']);
    expect(idsBy('stage', true)).toEqual(['.9', '0a', '03', '02']);
  });

  test('narrows by group and text', () => {
    const sorting = { by: 'name', descending: false } as const;
    expect(chosen(ALL, { group: 'failed', text: '', sorting })).toEqual(['52:54:00:00:00:02']);
    expect(chosen(ALL, { group: 'booted', text: 'node', sorting })).toEqual(['52:54:00:00:00:0a']);
  });
});

test('held() moves nobody, drops who is gone, adds who came at the end', () => {
  expect(held(['c', 'a', 'b'], ['a', 'b', 'd', 'e'])).toEqual(['a', 'b', 'd', 'e']);
  expect(held(['c', 'a', 'b'], ['x', 'a', 'b', 'c'])).toEqual(['c', 'a', 'b', 'x']);
  expect(held([], ['b', 'a'])).toEqual(['b', 'a']);
});
