/** `1 machine`, `0 machines`: a regular noun and how many there are of it. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
