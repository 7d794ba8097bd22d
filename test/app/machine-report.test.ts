import { expect, test } from 'vitest';
import type { ControlClient } from '../../src/app/control-client.ts';
import { reportBoot, reportMachines, reportWhy, whyText } from '../../src/app/machine-report.ts';
import type { StoryJson } from '../../src/server/control/machine-routes.ts';

const STORY: StoryJson = {
  ...{
    id: '52:54:00:00:00:01',
    mac: '52:54:00:00:00:01',
    ip: '10.0.0.5',
    hostname: 'node\u001b[2J',
    firmware: 'BIOS',
  },
  ...{ stage: 'failed', stageText: 'did not boot: x', since: '2026-11-20T12:00:00.000Z' },
  ...{ lastSeen: '2026-11-20T12:00:02.500Z', bytes: 42, boots: 2, left: 3 },
  steps: [
    { at: '2026-11-20T12:00:00.000Z', what: 'offered', text: 'was offered 10.0.0.5' },
    { at: '2026-11-20T12:00:01.000Z', what: 'fetched', text: 'got a (1.0 kB)', ok: true, tookMs: 45.2 },
    { at: '2026-11-20T12:00:02.000Z', what: 'refused', text: 'cannot have b: not-found', ok: false },
  ],
  explanation: {
    verdict: 'failed',
    headline: 'did not boot: it asks for b',
    reasons: [
      { code: 'missing-file', text: 'it asks for b', fix: 'put it there', certainty: 'sure' },
      { code: 'loader-silent', text: 'nothing followed', certainty: 'likely' },
    ],
    missing: 'the whole of b',
  },
  earlier: [
    { began: '2026-11-19T12:00:00.000Z', ended: '2026-11-19T12:01:00.000Z', stage: 'done', text: 'booted a' },
  ],
  chosen: { profile: 'install', once: true, since: '2026-11-20T12:00:00.000Z', taken: false },
  next: { profile: 'install', reason: 'profile install by pxectl boot, once' },
};

function rig(answer: unknown) {
  const asked: unknown[] = [];
  const client = {
    async get(path: string) {
      asked.push(path);
      return answer;
    },
    async send(...words: unknown[]) {
      asked.push(words);
      return answer;
    },
  } as unknown as ControlClient;
  let text = '';
  const out = {
    write(more: string) {
      text += more;
    },
  };
  return { client, asked, io: { out, err: out }, text: () => text };
}

test('whyText() has the cause first, then fixes, what never came, and the steps', () => {
  const lines = whyText(STORY)
    .split('\n')
    .map((line) => line.replace(/\b\d\d:\d\d:(\d\d\.\d)/, 'HH:MM:$1'));
  expect(lines).toEqual([
    '52:54:00:00:00:01 (10.0.0.5, node?[2J, BIOS) did not boot: it asks for b',
    '',
    '  it asks for b',
    '    -> put it there',
    '',
    '  likely: nothing followed',
    '',
    '  What never came: the whole of b',
    '',
    'Boot of 2026-11-20:',
    '  HH:MM:00.000   was offered 10.0.0.5',
    '  HH:MM:01.000 + got a (1.0 kB) in 45 ms',
    '  HH:MM:02.000 ! cannot have b: not-found',
    '  (3 more steps are left out)',
    '',
    '  Chosen: install, once',
    '',
    '  The next time: profile install by pxectl boot, once',
    '',
    'Earlier boots:',
    expect.stringMatching(/^ {2}2026-11-19 HH:MM:00\.000 {2}done {4}booted a$/),
    '',
  ]);
});

test('reportWhy() ends with 1 for a boot that failed or was ignored, else with 0', async () => {
  for (const [verdict, code] of [
    ['failed', 1],
    ['ignored', 1],
    ['booted', 0],
    ['booting', 0],
    ['unknown', 0],
  ] as const) {
    const { client, io, asked } = rig({ ...STORY, explanation: { ...STORY.explanation, verdict } });
    expect(await reportWhy(client, { machine: 'a/b', json: true }, io)).toBe(code);
    expect(asked).toEqual(['/api/v1/machines/a%2Fb/why']);
  }
});

test('reportMachines() has a line for each, and one word where there is none', async () => {
  const now = Date.parse('2026-11-20T12:05:02.500Z');
  const full = rig({ machines: [STORY] });
  await reportMachines(full.client, { limit: 7, now }, full.io);
  expect(full.asked).toEqual(['/api/v1/machines?limit=7']);
  expect(full.text().split('\n')[1]).toMatch(
    /^52:54:00:00:00:01 {2}10\.0\.0\.5 {2}node\?\[2J {2}BIOS +- +failed {2}5m ago {2}did not boot: x$/,
  );
  const empty = rig({ machines: [] });
  await reportMachines(empty.client, { limit: 7, now }, empty.io);
  expect(empty.text()).toBe('No machine was heard of yet.\n');
});

test('reportBoot() asks for a profile, or for none', async () => {
  const { client, asked, io, text } = rig({ text: 'done' });
  await reportBoot(client, { machine: 'm', profile: null, once: false }, io);
  expect(asked).toEqual([['POST', '/api/v1/machines/m/boot', { profile: null, once: false }]]);
  expect(text()).toBe('done\n');
});
