/** What may still hold a process when all is said: standard input that nobody closes. */
const GRACE_MS = 250;

/**
 * Lets the process end with `code`. Not by process.exit(): that joins V8's threads while this one does nothing else, and one that
 * compiles may wait for this one to collect garbage, for ever (nodejs/node#54918). At the end of the event loop V8 lets go of them first.
 */
export function leave(code: number): void {
  process.exitCode = code;
  setTimeout(() => (waitsForDisk() ? endBySignal() : process.exit()), GRACE_MS).unref();
}

/** A thread that opens a pipe which nobody reads may do so for ever, and process.exit() would join it, too. */
function waitsForDisk(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

function endBySignal(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
