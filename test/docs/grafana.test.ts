import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricSources } from '../../src/app/metric-sources.ts';
import { createEventCounts } from '../../src/events/counts.ts';

const DASHBOARD = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/grafana.json'), 'utf8')) as {
  panels: readonly { title: string; targets: readonly { expr: string; legendFormat: string }[] }[];
  templating: { list: readonly { definition?: string }[] };
};

/** All there are, with their labels. */
function metrics(): Map<string, readonly string[]> {
  const leases = { all: () => [] };
  const composed = { leases, setup: { tool: 'pxed' }, inside: {} };
  const parts = { counts: createEventCounts(), composed, supervisor: {}, version: '1', startedAt: 0 };
  return new Map(
    metricSources(parts as never).flatMap(({ name, labels = [], kind }) =>
      (kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]).map((each) => [
        each,
        kind === 'histogram' ? [...labels, 'le'] : labels,
      ]),
    ),
  );
}

/** Labels that Prometheus itself adds. */
const ADDED = ['instance', 'job'];

test('docs/grafana.json names no metric and no label that pxed has not', () => {
  const known = metrics();
  const used = new Set<string>();
  for (const { title, targets } of DASHBOARD.panels) {
    for (const { expr } of targets) {
      for (const [, name, selector] of expr.matchAll(/(pxed_\w+)(?:\{([^}]*)\})?/g)) {
        used.add(name!);
        const labels = known.get(name!);
        expect(labels, `${title}: ${name}`).toBeDefined();
        const asked = [...(selector ?? '').matchAll(/(\w+)=~?"/g)].map((match) => match[1]!);
        const by = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap((match) => match[1]!.split(/, */));
        expect([...labels!, ...ADDED], title).toEqual(expect.arrayContaining([...asked, ...by]));
      }
    }
  }
  expect(used.size).toBeGreaterThan(10);
});

test('docs/grafana.json shows every metric but those for reference', () => {
  const text = JSON.stringify(DASHBOARD);
  const missing = [...metrics().keys()].filter((name) => !text.includes(name));
  expect(missing).toEqual(['pxed_transfer_duration_seconds_sum', 'pxed_transfer_duration_seconds_count']);
});

test('metrics are named as Prometheus wants them', () => {
  for (const source of metricSources({
    ...{ counts: createEventCounts(), supervisor: {}, version: '1', startedAt: 0 },
    composed: { leases: { all: () => [] }, inside: {} },
  } as never)) {
    expect(source.name).toMatch(/^pxed_[a-z_]+$/);
    expect(source.name.endsWith('_total'), source.name).toBe(source.kind === 'counter');
    expect(source.help, source.name).not.toBe('');
  }
});
