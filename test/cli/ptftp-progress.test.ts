import { describe, expect, test } from 'vitest';
import { createProgressBar, formatSpan, progressLine } from '../../src/cli/ptftp-progress.ts';

test.each([
  [
    { bytes: 0, totalBytes: 1000, bytesPerSecond: 0 },
    'f   0 % [>                       ] 0 B of 1.0 kB  0 B/s  ETA -:--',
  ],
  [
    { bytes: 500, totalBytes: 1000, bytesPerSecond: 100 },
    'f  50 % [============>           ] 500 B of 1.0 kB  100 B/s  ETA 0:05',
  ],
  [
    { bytes: 1000, totalBytes: 1000, bytesPerSecond: 100 },
    'f 100 % [========================] 1.0 kB of 1.0 kB  100 B/s  ETA 0:00',
  ],
  [
    { bytes: 2000, totalBytes: 1000, bytesPerSecond: 100 },
    'f 100 % [========================] 2.0 kB of 1.0 kB  100 B/s  ETA 0:00',
  ],
  [{ bytes: 31_500_000, bytesPerSecond: 64_000_000 }, 'f  32 MB  64 MB/s'],
])('progressLine() of %j', (progress, line) => {
  expect(progressLine('f', progress, 200)).toBe(line);
});

test('progressLine() is no longer than its screen', () => {
  expect(progressLine('name', { bytes: 5, totalBytes: 10, bytesPerSecond: 1 }, 20)).toHaveLength(20);
});

test('progressLine() gives up the bar and the folders before the time that is left', () => {
  const progress = { bytes: 131_000_000, totalBytes: 200_000_000, bytesPerSecond: 107_000_000 };
  const lineOf = (name: string) => progressLine(name, progress, 79);
  expect(lineOf('d3/big')).toBe(
    'd3/big  65 % [===============>        ] 131 MB of 200 MB  107 MB/s  ETA 0:01',
  );
  const long = lineOf('debian/dists/bookworm/main/installer-amd64/current/images/netboot/initrd.gz');
  expect(long).toBe('…ent/images/netboot/initrd.gz  65 % [==> ] 131 MB of 200 MB  107 MB/s  ETA 0:01');
});

test.each([
  [0, '0:00'],
  [4.2, '0:05'],
  [65, '1:05'],
  [7200, '2:00:00'],
  [1e9, '99:59:59'],
])('formatSpan(%d) is %s', (seconds, text) => {
  expect(formatSpan(seconds)).toBe(text);
});

describe('createProgressBar()', () => {
  function draw(isTTY: boolean) {
    let now = 0;
    const out: string[] = [];
    const screen = { isTTY, columns: 80, write: (text: string) => out.push(text) };
    const bar = createProgressBar('f', screen, () => now);
    for (now = 0; now <= 3000; now += 100) bar.update({ bytes: now, bytesPerSecond: 1000 });
    bar.clear();
    return out;
  }

  test('draws over itself on a terminal, and leaves nothing behind', () => {
    const out = draw(true);
    expect(out.length).toBeGreaterThan(20);
    expect(out[0]).toBe('\rf  300 B  1.0 kB/s\u001b[K');
    expect(out.at(-1)).toBe('\r\u001b[K');
  });

  test('writes a line a second elsewhere', () => {
    expect(draw(false)).toEqual(['f  300 B  1.0 kB/s\n', 'f  1.3 kB  1.0 kB/s\n', 'f  2.3 kB  1.0 kB/s\n']);
  });

  test('shows nothing of what is over at once', () => {
    const out: string[] = [];
    const bar = createProgressBar('f', { isTTY: true, write: (text) => out.push(text) }, () => 0);
    bar.update({ bytes: 1, bytesPerSecond: 1 });
    bar.clear();
    expect(out).toEqual([]);
  });
});
