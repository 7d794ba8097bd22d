/** "Did you mean": names close to a mistyped one. */

/** Edit distance (insert, delete, replace), both sides in lower case. */
export function editDistance(from: string, to: string): number {
  const a = from.toLowerCase();
  const b = to.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** `; did you mean a or b?`, to be put behind a complaint; empty, or `otherwise`, where nothing comes near. */
export function didYouMean(wanted: string, names: Iterable<string>, otherwise = ''): string {
  const near = nearNames(wanted, names);
  return near.length > 0 ? `; did you mean ${near.join(' or ')}?` : otherwise;
}

/** Up to `most` of `names` that resemble `wanted`, nearest first. */
export function nearNames(wanted: string, names: Iterable<string>, most = 3): string[] {
  const bound = Math.max(2, Math.ceil(wanted.length / 3));
  return [...names]
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= bound)
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name);
}
