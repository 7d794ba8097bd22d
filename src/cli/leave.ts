/** What may still hold a process when all is said: standard input that nobody closes. */
const GRACE_MS = 250;

/**
 * Lets the process end with `code`. Not by process.exit(): that joins V8's threads while this one does nothing else, and one that
 * compiles may wait for this one to collect garbage, for ever (nodejs/node#54918). At the end of the event loop V8 lets go of them first.
 *
 * `opensPipes`: a thread may still wait for the other end of a named pipe, and process.exit() would join it, too. The process ends by
 * SIGINT then, and the code is lost.
 */
export function leave(code: number, { opensPipes = false } = {}): void {
  process.exitCode = code;
  setTimeout(() => (opensPipes && waitsForDisk() ? endBySignal() : process.exit()), GRACE_MS).unref();
}

function waitsForDisk(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

function endBySignal(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
