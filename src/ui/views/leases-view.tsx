import { useState } from 'preact/hooks';
import type { Lease, LeaseList } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatMany, formatWhen } from '../model/format.ts';
import { isFound } from '../model/lease-list.ts';
import { Choices, Search } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Empty, Loading, Problem } from '../parts/problem.tsx';
import { useLoad } from '../parts/use-load.ts';
import { LeaseBadge, LeaseDialog } from './lease-dialog.tsx';

type Which = 'live' | 'all';

/** More are looked for by their beginnings, not scrolled through. */
const MOST = 5000;
const AT_ONCE = 300;

/** Who has which address. */
export function LeasesView() {
  const { api } = useConsole();
  const [which, setWhich] = useState<Which>('live');
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string>();
  const query = `leases?limit=${MOST}${which === 'live' ? '&state=live' : ''}`;
  const list = useLoad(query, () => api.get<LeaseList>(query));
  const fitting = list.data?.leases.filter((lease) => isFound(lease, text)) ?? [];
  const shown = fitting.slice(0, AT_ONCE);
  return (
    <Page
      title="Leases"
      actions={
        <>
          <a class="btn" href="/api/v1/leases/export?format=csv" download>
            <Icon name="download" />
            CSV
          </a>
          <button type="button" class="btn" onClick={() => void list.reload()}>
            <Icon name="again" />
            Refresh
          </button>
        </>
      }
    >
      <div class="tools">
        <Choices<Which>
          label="Which leases"
          value={which}
          of={[
            { value: 'live', label: 'In use' },
            { value: 'all', label: 'All that are remembered' },
          ]}
          onValue={setWhich}
        />
        <Search label="Filter by address, MAC, name…" value={text} onValue={setText} />
      </div>
      {list.problem !== undefined && <Problem error={list.problem} onAgain={() => void list.reload()} />}
      <div class="sheet">
        {!list.data && list.problem === undefined && <Loading />}
        {list.data && list.data.total === 0 && <NoLeases which={which} />}
        {list.data && list.data.total > 0 && shown.length === 0 && (
          <Empty title="No lease fits">
            <p>Another filter shows the other {formatMany(list.data.total, 'lease')}.</p>
          </Empty>
        )}
        {shown.length > 0 && <LeaseTable leases={shown} onChoose={setChosen} />}
        {fitting.length > shown.length && (
          <p class="more muted">
            The first {shown.length} of {formatMany(fitting.length, 'lease')}; filter to see others.
          </p>
        )}
      </div>
      {chosen !== undefined && (
        <LeaseDialog ip={chosen} onChange={list.reload} onClose={() => setChosen(undefined)} />
      )}
    </Page>
  );
}

function NoLeases({ which }: { readonly which: Which }) {
  return (
    <Empty title={which === 'live' ? 'No address is in use' : 'No lease is remembered'}>
      <p>
        pxed gives addresses where it is the DHCP server. Beside another server (mode proxy) it gives none;{' '}
        <a href="#/services">Services</a> tells its role on each interface.
      </p>
    </Empty>
  );
}

function LeaseTable({
  leases,
  onChoose,
}: {
  readonly leases: readonly Lease[];
  readonly onChoose: (ip: string) => void;
}) {
  const now = Date.now();
  const end = (at: string | undefined) => (at === undefined ? 'never' : formatWhen(Date.parse(at), now));
  return (
    <table>
      <caption class="unseen">Leases</caption>
      <thead>
        <tr>
          <th scope="col" class="w-m">
            Address
          </th>
          <th scope="col">Machine</th>
          <th scope="col" class="w-s">
            State
          </th>
          <th scope="col" class="wide w-s">
            Since
          </th>
          <th scope="col" class="wide w-s">
            Ends
          </th>
        </tr>
      </thead>
      <tbody>
        {leases.map(({ ip, mac, hostname, state, since, expiresAt, arch }) => (
          <tr key={ip}>
            <th scope="row">
              <button type="button" class="as-link mono" onClick={() => onChoose(ip)}>
                {ip}
              </button>
            </th>
            <td>
              <span class="one-line">{hostname ?? <span class="mono">{mac ?? ''}</span>}</span>
              <span class="second">
                {[hostname === undefined ? undefined : mac, arch]
                  .filter((part) => part !== undefined)
                  .join(' · ')}
              </span>
            </td>
            <td>
              <LeaseBadge state={state} />
            </td>
            <td class="wide num">{formatWhen(Date.parse(since), now)}</td>
            <td class="wide num">{end(expiresAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
