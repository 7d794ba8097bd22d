import { type ReadonlySignal, signal } from '@preact/signals';

/** What came of something that somebody did. */
export type Notice = { readonly number: number; readonly kind: 'good' | 'bad'; readonly text: string };

export type Notices = {
  readonly all: ReadonlySignal<readonly Notice[]>;
  /** Goes by itself after a while. */
  good(text: string): void;
  /** Stays until it is closed. */
  bad(error: unknown): void;
  close(number: number): void;
};

const GOOD_MS = 6000;
const MOST = 4;

export function createNotices(schedule: (run: () => void, ms: number) => void): Notices {
  const all = signal<readonly Notice[]>([]);
  let last = 0;

  function add(kind: Notice['kind'], text: string): number {
    const notice = { number: ++last, kind, text };
    all.value = [...all.value, notice].slice(-MOST);
    return notice.number;
  }

  function close(number: number): void {
    all.value = all.value.filter((one) => one.number !== number);
  }

  return {
    all,
    close,
    good(text) {
      const number = add('good', text);
      schedule(() => close(number), GOOD_MS);
    },
    bad(error) {
      add('bad', error instanceof Error ? error.message : String(error));
    },
  };
}
