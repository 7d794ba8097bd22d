import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatBytes } from '../../lib/size.ts';
import type { Rates } from '../model/rates.ts';
import { onSchemeChange } from '../scheme.ts';

export type RateChart = { show(rates: Rates): void; close(): void };

const HEIGHT = 260;
/** Nothing is no reason for an axis of millionths. */
const LEAST_MOST = 1000;

/** Two lines over time, as wide as there is room; told apart by their dashes, too. */
export function createRateChart(place: HTMLElement, first: Rates): RateChart {
  let rates = first;
  let chart = draw(place, rates);
  const resized = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT }));
  resized.observe(place);
  const stopListening = onSchemeChange(() => {
    chart.destroy();
    chart = draw(place, rates);
  });
  return {
    show(now) {
      rates = now;
      chart.setData(dataOf(now));
    },
    close() {
      stopListening();
      resized.disconnect();
      chart.destroy();
    },
  };
}

function dataOf({ at, tftp, http }: Rates): uPlot.AlignedData {
  return [[...at], [...tftp], [...http]];
}

function draw(place: HTMLElement, rates: Rates): uPlot {
  const style = getComputedStyle(place);
  // A canvas knows no light-dark(): the colour that it comes to on an element is asked for.
  const colour = (name: string) => {
    place.style.color = `var(${name})`;
    const value = style.color;
    place.style.color = '';
    return value;
  };
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  const points = { show: false };
  const options: uPlot.Options = {
    width: Math.max(place.clientWidth, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_chart, _least, most) => [0, Math.max(most * 1.1, LEAST_MOST)] } },
    series: [
      {},
      { label: 'TFTP', stroke: colour('--accent'), width: 2, points },
      { label: 'HTTP', stroke: colour('--busy'), width: 2, dash: [5, 3], points },
    ],
    axes: [
      { ...axis, space: 90, values: (_chart, ticks) => ticks.map(clock) },
      { ...axis, size: 64, values: (_chart, ticks) => ticks.map((value) => formatBytes(value)) },
    ],
  };
  return new uPlot(options, dataOf(rates), place);
}

function clock(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
