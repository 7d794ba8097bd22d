/** Resolves after `ms`, or as soon as `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await after(ms, signal).promise;
}

/** A limit in time. */
export type Limit = {
  /** Resolves when it is over. */
  readonly promise: Promise<void>;
  readonly over: () => boolean;
  /** Gives its timer back; then it is over. */
  cancel(): void;
};

/** Over after `ms` (Infinity: never by time), or as soon as `signal` aborts. */
export function after(ms: number, signal: AbortSignal): Limit {
  const { promise, resolve } = Promise.withResolvers<void>();
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    over = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    resolve();
  };
  if (Number.isFinite(ms)) timer = setTimeout(end, ms);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end);
  return { promise, over: () => over, cancel: end };
}
