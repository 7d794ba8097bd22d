import { readdirSync } from 'node:fs';
import { BOUNDS_MS } from '../events/counts.ts';
import type { MetricSource, Sample } from '../server/control/metrics.ts';
import type { ControlParts } from './control-parts.ts';
import { poolMetrics } from './pool-metrics.ts';
import { serviceOf } from './supervisor.ts';

/** What Prometheus is told of a pxed that runs. docs/grafana.json shows it. */
export function metricSources(parts: ControlParts): MetricSource[] {
  return [...ofEvents(parts), ...ofServices(parts), ...poolMetrics(parts), ...ofProcess(parts)];
}

function ofEvents({ counts, composed }: ControlParts): MetricSource[] {
  const { bytes } = counts;
  return [
    {
      kind: 'counter',
      name: 'pxed_events_total',
      labels: ['type'],
      help: 'What happened, by type of event; README lists them',
      read: () => [...counts.types].map(([type, value]) => ({ labels: { type }, value })),
    },
    {
      kind: 'counter',
      name: 'pxed_reasons_total',
      labels: ['type', 'reason'],
      help: 'Why requests were ignored or refused, transfers failed, and warnings were given',
      read: () =>
        [...counts.reasons].flatMap(([type, reasons]) =>
          [...reasons].map(([reason, value]) => ({ labels: { type, reason }, value })),
        ),
    },
    {
      kind: 'counter',
      name: 'pxed_file_bytes_total',
      labels: ['protocol', 'direction'],
      help: 'Octets of files, of transfers that have ended',
      read: () => [
        { labels: { protocol: 'tftp', direction: 'sent' }, value: bytes.tftpSent },
        { labels: { protocol: 'tftp', direction: 'received' }, value: bytes.tftpReceived },
        { labels: { protocol: 'http', direction: 'sent' }, value: bytes.httpSent },
      ],
    },
    {
      kind: 'counter',
      name: 'pxed_tftp_retransmissions_total',
      help: 'TFTP packets that were sent again',
      read: () => [{ value: counts.retransmissions }],
    },
    {
      kind: 'histogram',
      name: 'pxed_transfer_duration_seconds',
      labels: ['protocol'],
      help: 'How long files took that were delivered',
      boundsMs: BOUNDS_MS,
      read: () => [
        { labels: { protocol: 'tftp' }, histogram: counts.durations.tftp },
        { labels: { protocol: 'http' }, histogram: counts.durations.http },
      ],
    },
    {
      kind: 'gauge',
      name: 'pxed_transfers',
      labels: ['protocol'],
      help: 'Files under way',
      async read() {
        const underWay = await composed.inside.transfers();
        return (['tftp', 'http'] as const).map((protocol) => ({
          labels: { protocol },
          value: underWay.filter((one) => one.protocol === protocol).length,
        }));
      },
    },
  ];
}

function ofServices({ supervisor, composed, version }: ControlParts): MetricSource[] {
  const each = (read: (service: string) => number): Sample[] =>
    supervisor.services.map((service) => ({ labels: { service }, value: read(service) }));
  const statesOf = (service: string) => supervisor.states().filter(({ name }) => serviceOf(name) === service);
  return [
    {
      kind: 'gauge',
      name: 'pxed_build_info',
      labels: ['version', 'tool'],
      help: 'Always 1',
      read: () => [{ labels: { version, tool: composed.setup.tool }, value: 1 }],
    },
    {
      kind: 'gauge',
      name: 'pxed_service_up',
      labels: ['service'],
      help: 'Does it answer? 1 when all its workers do',
      read: () => each((service) => (statesOf(service).every(({ phase }) => phase === 'running') ? 1 : 0)),
    },
    {
      kind: 'counter',
      name: 'pxed_service_restarts_total',
      labels: ['service'],
      help: 'How often it was started again after a failure; pxectl restart does not count',
      read: () => each((service) => statesOf(service).reduce((sum, { restarts }) => sum + restarts, 0)),
    },
    {
      kind: 'gauge',
      name: 'pxed_interface_carrier',
      labels: ['interface'],
      help: 'Has the interface a carrier?',
      read: () =>
        composed.inside.facts().links.map(({ name, up, running }) => ({
          labels: { interface: name },
          value: up && running ? 1 : 0,
        })),
    },
  ];
}

function ofProcess({ startedAt }: ControlParts): MetricSource[] {
  return [
    {
      kind: 'gauge',
      name: 'pxed_start_time_seconds',
      help: 'When pxed was started, in seconds since 1970',
      read: () => [{ value: startedAt / 1000 }],
    },
    {
      kind: 'counter',
      name: 'pxed_cpu_seconds_total',
      labels: ['mode'],
      help: 'Processor time of all threads',
      read() {
        const { user, system } = process.cpuUsage();
        return [
          { labels: { mode: 'user' }, value: user / 1e6 },
          { labels: { mode: 'system' }, value: system / 1e6 },
        ];
      },
    },
    {
      kind: 'gauge',
      name: 'pxed_memory_bytes',
      labels: ['kind'],
      help: 'Memory: resident, of which are files that are being served, too; heap of the main thread',
      read() {
        const { rss, heapUsed } = process.memoryUsage();
        return [
          { labels: { kind: 'resident' }, value: rss },
          { labels: { kind: 'heap' }, value: heapUsed },
        ];
      },
    },
    {
      kind: 'gauge',
      name: 'pxed_open_files',
      help: 'Descriptors that are open; none where the system does not tell',
      read: () => openFiles().map((value) => ({ value })),
    },
  ];
}

function openFiles(): number[] {
  try {
    return [readdirSync('/proc/self/fd').length];
  } catch {
    return [];
  }
}
