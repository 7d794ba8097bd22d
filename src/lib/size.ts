/** Octets written as `4096`, `512k`, `100M`, `4G` (powers of 1024). */

const FACTOR = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** `100M` gives 104857600; undefined when it is not a size. */
export function parseSize(text: string): number | undefined {
  const parts = /^(\d{1,12})([kmgtKMGT]?)$/.exec(text);
  if (!parts) return undefined;
  const bytes = Number(parts[1]) * FACTOR[(parts[2] ?? '').toLowerCase() as keyof typeof FACTOR];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `42 kB`, `31.5 MB`: for people, powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
}
