import { useEffect, useState } from 'preact/hooks';
import { formatBytes } from '../../lib/size.ts';
import type { Change, Service, Status } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatCount, formatMany, formatSpan, formatWhen } from '../model/format.ts';
import { Ask } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Facts, Page, Panel } from '../parts/page.tsx';
import { Loading, Problem } from '../parts/problem.tsx';
import { useLoad } from '../parts/use-load.ts';

const ASK_MS = 5000;

type Verb = 'start' | 'stop' | 'restart';

/** What pxed is and does, and its services one by one. */
export function ServicesView() {
  const { api, notices } = useConsole();
  const status = useLoad('status', () => api.get<Status>('status'));
  const [stopping, setStopping] = useState<string>();
  const { reload } = status;
  useEffect(() => {
    const timer = window.setInterval(() => void reload(), ASK_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const act = async (name: string, verb: Verb) => {
    const { text } = await api.send<Change>('POST', `services/${encodeURIComponent(name)}/${verb}`);
    notices.good(text);
    await reload();
  };
  const readAgain = async () => {
    const { text } = await api.send<{ text: string }>('POST', 'reload');
    notices.good(text);
    await reload();
  };
  const { data } = status;
  return (
    <Page
      title="Services"
      actions={
        <button type="button" class="btn" onClick={() => void readAgain().catch(notices.bad)}>
          <Icon name="again" />
          Read the configuration again
        </button>
      }
    >
      {status.problem !== undefined && <Problem error={status.problem} onAgain={() => void reload()} />}
      {!data && status.problem === undefined && <Loading rows={6} />}
      {data && (
        <>
          <Panel title="Services">
            {data.services.map((service) => (
              <One
                key={service.name}
                service={service}
                onAct={(verb) => {
                  if (verb === 'stop') setStopping(service.name);
                  else void act(service.name, verb).catch(notices.bad);
                }}
              />
            ))}
          </Panel>
          <About status={data} />
          <Interfaces of={data.interfaces} />
          <Counters status={data} />
        </>
      )}
      {stopping !== undefined && (
        <Ask
          title={`Stop ${stopping}?`}
          verb="Stop"
          dangerous
          onDo={() => act(stopping, 'stop')}
          onClose={() => setStopping(undefined)}
        >
          <p>
            Machines that boot get no answer from it until it is started again. Its transfers may finish for
            five seconds; the other services go on.
          </p>
        </Ask>
      )}
    </Page>
  );
}

const STATES: Readonly<Record<Service['state'], { readonly kind: string; readonly word: string }>> = {
  running: { kind: 'good', word: 'running' },
  starting: { kind: 'busy', word: 'starting' },
  stopping: { kind: 'busy', word: 'stopping' },
  halted: { kind: '', word: 'halted' },
  'backing-off': { kind: 'warn', word: 'failed, tried again' },
  failed: { kind: 'bad', word: 'failed' },
};

function One({ service, onAct }: { readonly service: Service; readonly onAct: (verb: Verb) => void }) {
  const { name, state, since, restarts, lastError, detail, workers } = service;
  const { kind, word } = STATES[state];
  const isStopped = state === 'halted' || state === 'failed';
  return (
    <div class="service">
      <h3>{name}</h3>
      <span class={`badge ${kind}`}>
        {state === 'running' && <Icon name="check" />}
        {state === 'failed' && <Icon name="cross" />}
        {word}
      </span>
      <span class="muted">
        since {formatWhen(Date.parse(since), Date.now())}
        {workers && `, ${formatMany(workers.length, 'worker')}`}
        {restarts > 0 && `, restarted ${formatMany(restarts, 'time')}`}
        {detail !== undefined && `, ${detail}`}
      </span>
      <span class="acts">
        {isStopped ? (
          <Act name={name} verb="start" onAct={onAct} />
        ) : (
          <>
            <Act name={name} verb="restart" onAct={onAct} />
            <Act name={name} verb="stop" onAct={onAct} />
          </>
        )}
      </span>
      {lastError !== undefined && <p class="why muted">{lastError}</p>}
    </div>
  );
}

const VERBS = { start: 'Start', stop: 'Stop…', restart: 'Restart' } as const;

type ActProps = { readonly name: string; readonly verb: Verb; readonly onAct: (verb: Verb) => void };

function Act({ name, verb, onAct }: ActProps) {
  return (
    <button type="button" class="btn small" onClick={() => onAct(verb)}>
      {VERBS[verb]}
      <span class="unseen"> {name}</span>
    </button>
  );
}

function About({ status }: { readonly status: Status }) {
  const { version, tool, pid, mode, uptimeSeconds, root, leases, transfers, bytes, control } = status;
  return (
    <Panel title="This pxed">
      <Facts
        of={[
          ['Version', `${tool} ${version}`],
          ['Up for', formatSpan(uptimeSeconds * 1000)],
          ['Mode', mode],
          ['Boot root', root && <code>{root}</code>],
          ['Leases in use', leases && formatCount(leases.bound)],
          ['Addresses set aside', leases && leases.declined > 0 ? formatCount(leases.declined) : undefined],
          ['Files on their way', formatCount(transfers)],
          ['Sent by TFTP', formatBytes(bytes.tftpSent)],
          ['Sent by HTTP', formatBytes(bytes.httpSent)],
          ['Received', bytes.tftpReceived > 0 ? formatBytes(bytes.tftpReceived) : undefined],
          ['Control', [control.socket, ...control.listening].filter(Boolean).join(', ')],
          ['Process', String(pid)],
        ]}
      />
    </Panel>
  );
}

function Interfaces({ of }: { readonly of: Status['interfaces'] }) {
  return (
    <Panel title="Interfaces">
      {of.map(({ name, mac, addresses, mtu, carrier, role }) => (
        <div class="service" key={name}>
          <h3 class="mono">{name}</h3>
          <span class={`badge ${carrier ? 'good' : 'bad'}`}>
            <Icon name={carrier ? 'check' : 'cross'} />
            {carrier ? 'connected' : 'no link'}
          </span>
          {role && (
            <span class="badge">{role === 'proxy' ? 'proxy, beside another server' : 'gives addresses'}</span>
          )}
          <span class="muted mono">
            {addresses.join(', ') || 'no address'} · {mac} · MTU {mtu}
          </span>
        </div>
      ))}
    </Panel>
  );
}

function Counters({ status: { counters } }: { readonly status: Status }) {
  const all = Object.entries(counters);
  return (
    <Panel title="Events since the start">
      {all.length === 0 ? (
        <p class="muted">None yet.</p>
      ) : (
        <details>
          <summary>
            {formatMany(
              all.reduce((sum, [, count]) => sum + count, 0),
              'event',
            )}{' '}
            of {formatMany(all.length, 'kind')}
          </summary>
          <dl class="counters">
            {all.map(([type, count]) => (
              <div key={type}>
                <dt class="mono">{type}</dt>
                <dd class="num">{formatCount(count)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </Panel>
  );
}
