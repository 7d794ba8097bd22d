import { useEffect, useRef } from 'preact/hooks';
import { formatBytes } from '../../lib/size.ts';
import type { Transfer } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatSpan } from '../model/format.ts';
import { rateNow } from '../model/rates.ts';
import { Page, Panel } from '../parts/page.tsx';
import { Empty } from '../parts/problem.tsx';
import { Meter } from '../parts/stage.tsx';
import { createRateChart } from './rate-chart.ts';

/** What is on its way, and how fast. */
export function TrafficView() {
  const { live } = useConsole();
  const { tftp, http } = rateNow(live.rates.value);
  const transfers = live.transfers.value;
  return (
    <Page title="Traffic">
      <Panel title="Octets a second">
        <p class="legend">
          <span>
            <Line kind="tftp" /> TFTP <b>{formatBytes(tftp)}/s</b>
          </span>
          <span>
            <Line kind="http" /> HTTP <b>{formatBytes(http)}/s</b>
          </span>
        </p>
        <Chart />
      </Panel>
      <div class="sheet">
        {transfers.length === 0 ? (
          <Empty title="No file is on its way" />
        ) : (
          <TransferTable transfers={transfers} />
        )}
      </div>
    </Page>
  );
}

function Line({ kind }: { readonly kind: 'tftp' | 'http' }) {
  return (
    <svg class={kind} viewBox="0 0 26 4" aria-hidden="true">
      <line x1="0" y1="2" x2="26" y2="2" />
    </svg>
  );
}

/** The last five minutes. */
function Chart() {
  const { live } = useConsole();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return undefined;
    const chart = createRateChart(place.current, live.rates.peek());
    const unsubscribe = live.rates.subscribe(chart.show);
    return () => {
      unsubscribe();
      chart.close();
    };
  }, [live]);
  return (
    <div
      class="chart"
      ref={place}
      role="img"
      aria-label="Octets a second of TFTP and HTTP over five minutes"
    />
  );
}

const AT_ONCE = 100;

function TransferTable({ transfers }: { readonly transfers: readonly Transfer[] }) {
  return (
    <>
      <table>
        <caption class="unseen">Files on their way</caption>
        <thead>
          <tr>
            <th scope="col" class="w-m">
              Machine
            </th>
            <th scope="col">File</th>
            <th scope="col" class="w-m">
              So far
            </th>
            <th scope="col" class="wide w-xs">
              By
            </th>
            <th scope="col" class="wide w-s end">
              For
            </th>
          </tr>
        </thead>
        <tbody>
          {transfers.slice(0, AT_ONCE).map((one) => (
            <tr key={`${one.protocol} ${one.peer} ${one.file} ${one.write}`}>
              <th scope="row" class="mono">
                {one.peer}
              </th>
              <td>
                <span class="one-line mono" title={one.file}>
                  {one.file}
                </span>
              </td>
              <td class="num">
                {formatBytes(one.bytes)}
                {one.totalBytes !== undefined && ` of ${formatBytes(one.totalBytes)}`}
                <Meter value={one.bytes} most={one.totalBytes} label={`${one.file} for ${one.peer}`} />
              </td>
              <td class="wide">
                {one.protocol.toUpperCase()}
                {one.write && ' upload'}
              </td>
              <td class="wide end num">{formatSpan(one.startedMsAgo)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {transfers.length > AT_ONCE && <p class="more muted">… and {transfers.length - AT_ONCE} more</p>}
    </>
  );
}
