import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/server/control/metrics.ts';

test('createMetrics() renders what its sources say at that moment', async () => {
  let count = 3;
  const metrics = createMetrics([
    {
      ...{ kind: 'counter', name: 'pxed_events_total', help: 'What happened', labels: ['type'] },
      read: () => [{ labels: { type: 'dhcp.ack' }, value: count }],
    },
    { kind: 'gauge', name: 'pxed_transfers', help: 'Under way', read: async () => [{ value: 2 }] },
  ]);
  expect(await metrics.render()).toBe(
    `# HELP pxed_events_total What happened
# TYPE pxed_events_total counter
pxed_events_total{type="dhcp.ack"} 3

# HELP pxed_transfers Under way
# TYPE pxed_transfers gauge
pxed_transfers 2
`,
  );
  count = 7;
  expect(await metrics.render()).toContain('pxed_events_total{type="dhcp.ack"} 7\n');
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});

test('createMetrics() forgets what is gone', async () => {
  const labels = [['a'], ['b']];
  const metrics = createMetrics([
    {
      ...{ kind: 'gauge', name: 'pxed_up', help: 'x', labels: ['of'] },
      read: () => labels.shift()!.map((of) => ({ labels: { of }, value: 1 })),
    },
  ]);
  expect(await metrics.render()).toContain('{of="a"} 1');
  expect(await metrics.render()).not.toContain('{of="a"}');
});

test('createMetrics() makes a histogram of counts: buckets add up, in seconds', async () => {
  const metrics = createMetrics([
    {
      ...{ kind: 'histogram', name: 'pxed_took_seconds', help: 'x', labels: ['of'], boundsMs: [5, 1000] },
      read: () => [{ labels: { of: 'a' }, histogram: { counts: [2, 3, 1], sumMs: 4500 } }],
    },
  ]);
  expect((await metrics.render()).split('\n').slice(1)).toEqual([
    '# TYPE pxed_took_seconds histogram',
    'pxed_took_seconds_bucket{of="a",le="0.005"} 2',
    'pxed_took_seconds_bucket{of="a",le="1"} 5',
    'pxed_took_seconds_bucket{of="a",le="+Inf"} 6',
    'pxed_took_seconds_sum{of="a"} 4.5',
    'pxed_took_seconds_count{of="a"} 6',
    '',
  ]);
});
