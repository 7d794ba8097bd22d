import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Connection, openEventStream } from '../api/event-stream.ts';
import type { LogEvent } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatWhen } from '../model/format.ts';
import { isShown, type Level, type LogLine, withLines } from '../model/log-lines.ts';
import { hashOf } from '../model/place.ts';
import { Search, Select } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Empty } from '../parts/problem.tsx';

/** Lines that come together are drawn together. */
const TOGETHER_MS = 200;
/** This near to its end somebody reads the newest. */
const AT_END_PX = 40;

/** What happens, in words. */
export function LogView({ machine }: { readonly machine: string | undefined }) {
  const [level, setLevel] = useState<Level>('info');
  const [kind, setKind] = useState('');
  const [text, setText] = useState('');
  const [isPaused, setPaused] = useState(false);
  const { lines, connection } = useLog(machine, isPaused);
  const shown = lines.filter((line) => isShown(line, { level, kind, text }));
  return (
    <Page
      title={machine === undefined ? 'Log' : `Log of ${machine}`}
      actions={
        <button type="button" class="btn" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          <Icon name={isPaused ? 'play' : 'pause'} />
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      }
    >
      <div class="tools">
        <Select<Level>
          label="Level"
          value={level}
          of={[
            { value: 'error', label: 'Errors' },
            { value: 'warn', label: 'Warnings and errors' },
            { value: 'info', label: 'Usual' },
            { value: 'debug', label: 'Everything' },
          ]}
          onValue={setLevel}
        />
        <Select
          label="About"
          value={kind}
          of={[
            { value: '', label: 'All services' },
            ...['dhcp', 'bootp', 'tftp', 'http', 'boot', 'files', 'service'].map((value) => ({
              value,
              label: value,
            })),
          ]}
          onValue={setKind}
        />
        <Search label="Filter lines" value={text} onValue={setText} />
        {machine !== undefined && <a href={hashOf({ view: 'log' })}>Of all machines</a>}
      </div>
      {shown.length === 0 ? (
        <div class="sheet">
          <Empty title={connection === 'open' ? 'Nothing has happened' : 'Waiting for pxed'}>
            <p>
              {lines.length > 0 ? 'Other lines are filtered out.' : 'What machines ask stands here at once.'}
            </p>
          </Empty>
        </div>
      ) : (
        <Lines lines={shown} />
      )}
    </Page>
  );
}

function Lines({ lines }: { readonly lines: readonly LogLine[] }) {
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  const now = Date.now();
  // Whoever reads further up is left there.
  useLayoutEffect(() => {
    if (list.current && isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);
  return (
    <ol
      class="log"
      ref={list}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      aria-label="Log"
      onScroll={({ currentTarget }) => {
        const { scrollHeight, scrollTop, clientHeight } = currentTarget;
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
    >
      {lines.map(({ number, at, level, text }) => (
        <li key={number} class={level}>
          <time dateTime={at}>{formatWhen(Date.parse(at), now)}</time>
          <span class="level">{level}</span>
          <p>{text}</p>
        </li>
      ))}
    </ol>
  );
}

/** All that is kept, and what follows; `isPaused` holds it back, nothing is lost. */
function useLog(machine: string | undefined, isPaused: boolean) {
  const { isSignedIn } = useConsole();
  const lines = useSignal<readonly LogLine[]>([]);
  const connection = useSignal<Connection>('connecting');
  const waiting = useRef<LogLine[]>([]);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  useEffect(() => {
    let last = '0';
    let number = 0;
    const about = machine === undefined ? '' : `&machine=${encodeURIComponent(machine)}`;
    const stream = openEventStream({
      path: () => `/api/v1/events?stream=boot&after=${encodeURIComponent(last)}${about}`,
      mayRetry: isSignedIn,
      onConnection: (now) => {
        connection.value = now;
      },
      on: {
        boot: (data, id) => {
          last = id;
          waiting.current.push({ ...(data as LogEvent), number: ++number });
        },
        lost: (data) => {
          const { events } = data as { events: number };
          const at = new Date().toISOString();
          const text = `${events} lines came too fast, and were left out`;
          waiting.current.push({ at, type: 'console.lost', level: 'warn', text, number: ++number });
        },
      },
    });
    const timer = window.setInterval(() => {
      if (paused.current || waiting.current.length === 0) return;
      lines.value = withLines(lines.value, waiting.current);
      waiting.current = [];
    }, TOGETHER_MS);
    return () => {
      stream.close();
      clearInterval(timer);
    };
  }, [machine, isSignedIn, lines, connection]);
  return { lines: lines.value, connection: connection.value };
}
