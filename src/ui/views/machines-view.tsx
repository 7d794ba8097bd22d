import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { formatBytes } from '../../lib/size.ts';
import { useConsole } from '../console.ts';
import { createAnnouncer } from '../model/announcer.ts';
import { formatMany } from '../model/format.ts';
import {
  type Counts,
  chosen,
  countsLine,
  countsOf,
  type Group,
  held,
  type Sorting,
} from '../model/machine-list.ts';
import { rateNow } from '../model/rates.ts';
import { Choices, Search } from '../parts/field.tsx';
import { Page } from '../parts/page.tsx';
import { Empty, Loading } from '../parts/problem.tsx';
import { SortHeader } from '../parts/sort-header.tsx';
import { MachineRow } from './machine-row.tsx';

/** Rows that are drawn before somebody wants more. */
const AT_ONCE = 200;

/** Machines as they boot. */
export function MachinesView() {
  const { live } = useConsole();
  const { all } = live.machines;
  const group = useSignal<Group>('all');
  const text = useSignal('');
  const sorting = useSignal<Sorting>({ by: 'name', descending: false });
  const most = useSignal(AT_ONCE);
  const isPointedAt = useRef(false);
  const before = useRef<readonly string[]>([]);
  const counts = useComputed(() => countsOf(all.value));
  const ids = useComputed(() => {
    const wanted = chosen(all.value, { group: group.value, text: text.value, sorting: sorting.value });
    before.current = isPointedAt.current ? held(before.current, wanted) : wanted;
    return before.current;
  });
  const { all: total, booting, booted, failed } = counts.value;
  const shown = ids.value.slice(0, most.value);
  const rest = ids.value.length - shown.length;
  const sort = (value: Sorting) => {
    isPointedAt.current = false; // whoever asks for another order gets it
    sorting.value = value;
  };
  return (
    <Page title="Machines">
      <Hero counts={counts.value} />
      <div class="tools">
        <Choices<Group>
          label="Which machines"
          value={group.value}
          of={[
            { value: 'all', label: 'All', count: total },
            { value: 'booting', label: 'Booting', count: booting },
            { value: 'booted', label: 'Booted', count: booted },
            { value: 'failed', label: 'Failed', count: failed },
          ]}
          onValue={(value) => {
            group.value = value;
          }}
        />
        <Search
          label="Filter by name, address, profile…"
          value={text.value}
          onValue={(value) => {
            text.value = value;
          }}
        />
      </div>
      <div
        class="sheet"
        onPointerEnter={() => {
          isPointedAt.current = true;
        }}
        onPointerLeave={() => {
          isPointedAt.current = false;
        }}
        onFocusIn={() => {
          isPointedAt.current = true;
        }}
        onFocusOut={() => {
          isPointedAt.current = false;
        }}
      >
        {!live.isLoaded.value && <Loading rows={6} />}
        {live.isLoaded.value && total === 0 && <NoMachines />}
        {total > 0 && shown.length === 0 && (
          <Empty title="No machine fits">
            <p>Another filter shows the other {formatMany(total, 'machine')}.</p>
          </Empty>
        )}
        {shown.length > 0 && (
          <table>
            <caption class="unseen">Machines and how far they are</caption>
            <thead>
              <tr>
                <SortHeader by="name" label="Machine" sorting={sorting.value} onSort={sort} class="w-l" />
                <SortHeader by="stage" label="Stage" sorting={sorting.value} onSort={sort} />
                <th scope="col" class="wide w-m">
                  Profile
                </th>
                <SortHeader by="bytes" label="Files" sorting={sorting.value} onSort={sort} class="wide w-m" />
                <SortHeader by="since" label="Began" sorting={sorting.value} onSort={sort} class="wide w-s" />
              </tr>
            </thead>
            <tbody>
              {shown.map((id) => (
                <MachineRow key={id} id={id} />
              ))}
            </tbody>
          </table>
        )}
        {rest > 0 && (
          <div class="more">
            <button
              type="button"
              class="btn"
              onClick={() => {
                most.value = ids.value.length;
              }}
            >
              Show {formatMany(rest, 'more machine')}
            </button>
          </div>
        )}
      </div>
    </Page>
  );
}

/** How many have come how far. */
function Hero({ counts }: { readonly counts: Counts }) {
  const { live } = useConsole();
  const { tftp, http } = rateNow(live.rates.value);
  const { booted, booting, failed } = counts;
  const all = counts.all - counts.files;
  const part = (count: number) => ({ width: `${all === 0 ? 0 : (count / all) * 100}%` });
  return (
    <section class="hero" aria-label="How far they are">
      <p class="hero-line">
        <span>
          <b>{booted}</b> of <b>{all}</b> booted
        </span>
        {booting > 0 && <span class="badge busy">{booting} on their way</span>}
        {failed > 0 && <span class="badge bad">{failed} failed</span>}
        <span class="rates">
          {formatMany(live.transfers.value.length, 'transfer')} · {formatBytes(tftp + http)}/s
        </span>
      </p>
      <div class="parts" aria-hidden="true">
        <i class="booted" style={part(booted)} />
        <i class="booting" style={part(booting)} />
        <i class="failed" style={part(failed)} />
      </div>
      <Spoken counts={counts} />
    </section>
  );
}

/** The same for screen readers, seldom enough to be listened to. */
function Spoken({ counts }: { readonly counts: Counts }) {
  const announcer = useMemo(() => createAnnouncer(), []);
  const said = useSignal('');
  const sentence = countsLine(counts);
  useEffect(() => {
    const look = () => {
      const now = announcer.hear(sentence, performance.now());
      if (now !== undefined) said.value = now;
    };
    look();
    const timer = window.setInterval(look, 2000);
    return () => clearInterval(timer);
  }, [sentence, announcer, said]);
  return (
    <p class="unseen" role="status">
      {said.value}
    </p>
  );
}

function NoMachines() {
  return (
    <Empty title="No machine has asked yet">
      <p>
        Switch one on and let it boot from the network: it stands here from its first request. If nothing
        comes, <code>pxectl doctor</code> says what is in the way, and <a href="#/services">Services</a>{' '}
        whether pxed answers.
      </p>
    </Empty>
  );
}
