import { useState } from 'preact/hooks';
import type { Lease, OneLease, Saved } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatWhen } from '../model/format.ts';
import { LEASE_WORDS } from '../model/lease-list.ts';
import { hashOf } from '../model/place.ts';
import { Ask, Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Facts } from '../parts/page.tsx';
import { Loading, Problem } from '../parts/problem.tsx';
import { useLoad } from '../parts/use-load.ts';

export function LeaseBadge({ state }: Pick<Lease, 'state'>) {
  const { word, kind } = LEASE_WORDS[state];
  return <span class={`badge ${kind}`}>{word}</span>;
}

export type LeaseDialogProps = {
  readonly ip: string;
  readonly onChange: () => Promise<void>;
  readonly onClose: () => void;
};

/** All that is known of an address, and what can be done with it. */
export function LeaseDialog({ ip, onChange, onClose }: LeaseDialogProps) {
  const { api } = useConsole();
  const one = useLoad(ip, () => api.get<OneLease>(`leases/${ip}`));
  const [asked, setAsked] = useState<'release' | 'reserve'>();
  const lease = one.data?.leases.find((each) => each.ip === ip);
  if (asked === 'release') return <Release ip={ip} onChange={onChange} onClose={onClose} />;
  if (asked === 'reserve' && lease?.mac !== undefined) {
    return (
      <Reserve ip={ip} mac={lease.mac} hostname={lease.hostname} onChange={onChange} onClose={onClose} />
    );
  }
  return (
    <Dialog title={ip} onClose={onClose}>
      {one.problem !== undefined && <Problem error={one.problem} />}
      {!one.data && one.problem === undefined && <Loading rows={3} />}
      {lease && <Known lease={lease} />}
      {one.data && one.data.reservations.length > 0 && (
        <p>
          Reserved in the configuration for{' '}
          {one.data.reservations.map(({ mac, hostname }) => mac ?? hostname ?? 'a host').join(', ')}.
        </p>
      )}
      {one.data && one.data.history.length > 0 && <History past={one.data.history} />}
      {lease && (
        <div class="acts">
          {lease.mac !== undefined && (
            <button type="button" class="btn" onClick={() => setAsked('reserve')}>
              Reserve…
            </button>
          )}
          <button type="button" class="btn danger" onClick={() => setAsked('release')}>
            Release…
          </button>
        </div>
      )}
    </Dialog>
  );
}

function Known({ lease }: { readonly lease: Lease }) {
  const { mac, hostname, state, network, kind, since, expiresAt, relay, clientId, arch } = lease;
  const now = Date.now();
  const machine = mac !== undefined && (
    <a class="mono" href={hashOf({ view: 'machine', id: mac })}>
      {mac}
    </a>
  );
  return (
    <Facts
      of={[
        ['State', <LeaseBadge key="state" state={state} />],
        ['Machine', machine || undefined],
        ['Name', hostname],
        ['Network', network],
        ['By', kind === 'bootp' ? 'BOOTP' : 'DHCP'],
        ['Since', formatWhen(Date.parse(since), now)],
        ['Ends', expiresAt === undefined ? 'never' : formatWhen(Date.parse(expiresAt), now)],
        ['Relay', relay],
        ['Client identifier', clientId && <span class="mono">{clientId}</span>],
        ['Booted as', arch],
      ]}
    />
  );
}

function History({ past }: { readonly past: OneLease['history'] }) {
  const now = Date.now();
  return (
    <div>
      <h3>Before that</h3>
      <ul>
        {past.map(({ mac, hostname, began, ended, why }) => (
          <li key={began}>
            {hostname ?? mac ?? 'somebody'}, {formatWhen(Date.parse(began), now)} to{' '}
            {formatWhen(Date.parse(ended), now)} <span class="muted">({why})</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Release({ ip, onChange, onClose }: LeaseDialogProps) {
  const { api, notices } = useConsole();
  return (
    <Ask
      title={`Release ${ip}?`}
      verb="Release"
      dangerous
      onClose={onClose}
      onDo={async () => {
        await api.send('POST', `leases/${ip}/release`);
        notices.good(`${ip} is free`);
        await onChange();
      }}
    >
      <p>
        The address may be given to another machine at once. Whoever uses it now is not told, and goes on
        using it.
      </p>
    </Ask>
  );
}

type ReserveProps = LeaseDialogProps & { readonly mac: string; readonly hostname: string | undefined };

function Reserve({ ip, mac, hostname, onChange, onClose }: ReserveProps) {
  const { api, notices } = useConsole();
  const [address, setAddress] = useState(ip);
  const [name, setName] = useState(hostname ?? '');
  return (
    <Ask
      title="Reserve an address"
      verb="Reserve"
      onClose={onClose}
      onDo={async () => {
        const wish = { address: address.trim(), ...(name.trim() !== '' && { hostname: name.trim() }) };
        const {
          applied,
          needsRestart,
          warnings = [],
        } = await api.send<Saved>('PUT', `leases/${mac}/reservation`, wish);
        const waits = applied ? '' : `; it waits for a restart (${needsRestart.join(', ')})`;
        if (warnings.length > 0) notices.bad(new Error(`Saved, but ${warnings.join('; ')}`));
        else notices.good(`${mac} always gets ${wish.address}${waits}`);
        await onChange();
      }}
    >
      <p>
        <b class="mono">{mac}</b> always gets this address: an entry of <code>hosts</code> in the
        configuration.
      </p>
      <TextField label="Address" value={address} onValue={setAddress} required mono />
      <TextField label="Name" hint="May be left empty." value={name} onValue={setName} />
    </Ask>
  );
}
