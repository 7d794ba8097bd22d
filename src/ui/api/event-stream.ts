/** Server-sent events that come back by themselves. */
export type EventStream = { close(): void };

export type Connection = 'connecting' | 'open' | 'lost';

export type EventStreamParts = {
  /** Asked anew at each attempt: it may name the last event that was seen. */
  readonly path: () => string;
  /** By the event's name. */
  readonly on: Readonly<Record<string, (data: unknown, id: string) => void>>;
  readonly onConnection: (connection: Connection) => void;
  /** May it be tried again? False: the session is over. */
  readonly mayRetry: () => Promise<boolean>;
  /** Longer silence than this means that nobody is there any more, although nothing says so; absent: silence is all right. */
  readonly silenceMs?: number;
};

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 8000;

/**
 * An EventSource comes back after a broken connection, and for good not after an answer that is no stream (401, 503), and it does not
 * notice a server that is gone without a word. So each attempt is one of ours.
 */
export function openEventStream({
  path,
  on,
  onConnection,
  mayRetry,
  silenceMs,
}: EventStreamParts): EventStream {
  let source: EventSource | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let retry: number | undefined;
  let silence: number | undefined;
  let over = false;

  function heard(): void {
    clearTimeout(silence);
    if (silenceMs !== undefined && !over) silence = window.setTimeout(lose, silenceMs);
  }

  function open(): void {
    onConnection('connecting');
    source = new EventSource(path());
    source.onopen = () => {
      pauseMs = FIRST_PAUSE_MS;
      heard();
      onConnection('open');
    };
    source.onerror = lose;
    for (const [name, take] of Object.entries(on)) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        heard();
        take(JSON.parse(String(data)), lastEventId);
      });
    }
  }

  function lose(): void {
    source?.close();
    clearTimeout(silence);
    clearTimeout(retry);
    if (over) return;
    onConnection('lost');
    retry = window.setTimeout(() => void again(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  async function again(): Promise<void> {
    const may = await mayRetry();
    if (over || !may) return;
    open();
  }

  open();
  return {
    close() {
      over = true;
      source?.close();
      clearTimeout(retry);
      clearTimeout(silence);
    },
  };
}
