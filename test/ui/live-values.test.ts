import { expect, test } from 'vitest';
import { createMachines } from '../../src/ui/api/machines.ts';
import { type Machine, machineOf } from '../../src/ui/api/shapes.ts';
import { createAnnouncer } from '../../src/ui/model/announcer.ts';
import { NO_RATES, rateNow, withLook } from '../../src/ui/model/rates.ts';
import { createNotices } from '../../src/ui/notices.ts';

test('createAnnouncer() says a sentence once, and the next one only after a pause', () => {
  const announcer = createAnnouncer(1000);
  expect(announcer.hear('1 of 3', 0)).toBe('1 of 3');
  expect(announcer.hear('2 of 3', 500)).toBeUndefined();
  expect(announcer.hear('3 of 3', 999)).toBeUndefined();
  expect(announcer.hear('3 of 3', 1000)).toBe('3 of 3');
  expect(announcer.hear('3 of 3', 9000)).toBeUndefined();
});

function look(second: number, tftpBytes: number, httpBytes = 0, events = second) {
  return { at: new Date(1_700_000_000_000 + second * 1000).toISOString(), tftpBytes, httpBytes, events };
}

test('withLook() makes rates of counters', () => {
  const looks = [look(0, 1000), look(1, 5000), look(3, 6000, 2000)];
  let rates = withLook(NO_RATES, undefined, looks[0]!);
  expect(rates).toBe(NO_RATES);
  rates = withLook(rates, looks[0], looks[1]!);
  rates = withLook(rates, looks[1], looks[2]!);
  expect(rates).toEqual({ at: [1_700_000_001, 1_700_000_003], tftp: [4000, 500], http: [0, 1000] });
  expect(rateNow(rates)).toEqual({ tftp: 500, http: 1000 });
});

test('withLook() breaks the line where pxed was restarted or nobody looked, and knows no negative rate', () => {
  expect(withLook(NO_RATES, look(0, 9000, 0, 50), look(1, 100, 0, 2)).tftp).toEqual([null]);
  expect(withLook(NO_RATES, look(0, 0), look(60, 100)).tftp).toEqual([null]);
  expect(withLook(NO_RATES, look(0, 9000), look(1, 8000)).tftp).toEqual([0]);
  expect(withLook(NO_RATES, look(1, 0), look(1, 100))).toBe(NO_RATES);
});

test('withLook() keeps five minutes', () => {
  let rates = NO_RATES;
  for (let second = 1; second <= 400; second++) rates = withLook(rates, look(second - 1, 0), look(second, 0));
  expect(rates.at.length).toBe(300);
  expect(rates.at.at(-1)).toBe(1_700_000_400);
});

function machine(id: string, bytes = 0): Machine {
  const at = '2026-11-20T12:00:00.000Z';
  return machineOf({
    ...{ id, stage: 'loader', stageText: '', since: at, lastSeen: at },
    ...{ bytes, boots: 1 },
  });
}

test('machineOf() makes numbers of times', () => {
  expect(machine('a')).toMatchObject({ since: 1_795_176_000_000, lastSeen: 1_795_176_000_000 });
});

test('createMachines() shows what came together at once, and only rows that moved change', () => {
  const planned: (() => void)[] = [];
  const machines = createMachines((run) => void planned.push(run));
  machines.replace([machine('a'), machine('b')]);
  const b = machines.of('b')!.value;
  let drawn = 0;
  const stop = machines.all.subscribe(() => void drawn++);
  machines.take(machine('a', 1));
  machines.take(machine('a', 2));
  machines.take(machine('c'));
  expect(machines.of('c')).toBeUndefined();
  expect(planned.length).toBe(1);
  planned[0]!();
  expect(drawn).toBe(2); // at the start, and now
  expect(machines.of('a')!.value.bytes).toBe(2);
  expect(machines.of('b')!.value).toBe(b);
  expect(machines.all.value.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  machines.take(machine('c', 9));
  expect(planned.length).toBe(2);
  stop();
});

test('createMachines() forgets whoever pxed has forgotten', () => {
  const machines = createMachines(() => {});
  machines.replace([machine('a'), machine('b')]);
  machines.replace([machine('b')]);
  expect(machines.of('a')).toBeUndefined();
  expect(machines.all.value.map(({ id }) => id)).toEqual(['b']);
});

test('createNotices() takes good news away by itself, bad news when it is closed', () => {
  const planned: (() => void)[] = [];
  const notices = createNotices((run) => void planned.push(run));
  notices.good('saved');
  notices.bad(new Error('refused'));
  expect(notices.all.value.map(({ kind, text }) => [kind, text])).toEqual([
    ['good', 'saved'],
    ['bad', 'refused'],
  ]);
  for (const run of planned) run();
  expect(notices.all.value.map(({ text }) => text)).toEqual(['refused']);
  notices.close(notices.all.value[0]!.number);
  expect(notices.all.value).toEqual([]);
});
