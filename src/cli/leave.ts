/** What may still hold a process when all is said: standard input that nobody closes. */
const GRACE_MS = 250;

/**
 * Lets the process end with `code`. Not by process.exit(): that joins V8's threads while this one does nothing else, and one that
 * compiles may wait for this one to collect garbage, for ever (nodejs/node#54918). At the end of the event loop V8 lets go of them first.
 */
export function leave(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(), GRACE_MS).unref();
}
