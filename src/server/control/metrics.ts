import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import type { Histogram } from '../../events/counts.ts';

/** One line of a metric: its labels are words of ours or of the configuration, never of a stranger. */
export type Sample = { readonly labels?: Readonly<Record<string, string>>; readonly value: number };

/** A metric as it is when somebody asks. */
export type MetricSource = {
  /** `pxed_…`; that of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
} & (
  | { readonly kind: 'counter' | 'gauge'; read(): readonly Sample[] | Promise<readonly Sample[]> }
  | { readonly kind: 'histogram'; readonly boundsMs: readonly number[]; read(): readonly HistogramSample[] }
);

export type HistogramSample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
};

export type Metrics = {
  /** Of the text below. */
  readonly contentType: string;
  /** What Prometheus reads. */
  render(): Promise<string>;
};

/** Nothing is counted here: each answer is made of what `sources` say at that moment. */
export function createMetrics(sources: readonly MetricSource[]): Metrics {
  const registry = new Registry();
  for (const source of sources) register(registry, source);
  return { contentType: registry.contentType, render: () => registry.metrics() };
}

function register(registry: Registry, source: MetricSource): void {
  const { name, help } = source;
  const given = { name, help, labelNames: [...(source.labels ?? [])], registers: [registry] };
  switch (source.kind) {
    case 'counter':
      new Counter({
        ...given,
        async collect() {
          const samples = await source.read();
          this.reset();
          for (const { labels = {}, value } of samples) this.inc(labels, value);
        },
      });
      return;
    case 'gauge':
      new Gauge({
        ...given,
        async collect() {
          const samples = await source.read();
          this.reset();
          for (const { labels = {}, value } of samples) this.set(labels, value);
        },
      });
      return;
    case 'histogram': {
      // prom-client's own counts each observation by itself; ours are counted already. A registry reads no more than this of a metric.
      const counted = {
        ...{ name, help, type: 'histogram' },
        get: async () => ({ name, help, type: 'histogram', values: source.read().flatMap(valuesOf) }),
      };
      const { boundsMs } = source;
      function valuesOf({ labels, histogram }: HistogramSample) {
        let below = 0;
        const buckets = histogram.counts.map((count, at) => {
          below += count;
          const bound = boundsMs[at];
          const le = bound === undefined ? '+Inf' : String(bound / 1000);
          return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
        });
        return [
          ...buckets,
          { metricName: `${name}_sum`, labels, value: histogram.sumMs / 1000 },
          { metricName: `${name}_count`, labels, value: below },
        ];
      }
      registry.registerMetric(counted as unknown as Metric);
    }
  }
}
