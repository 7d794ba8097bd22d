import { useEffect, useRef, useState } from 'preact/hooks';
import { formatBytes } from '../../lib/size.ts';
import type { StoryJson } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatMany, formatWhen } from '../model/format.ts';
import { nameOf } from '../model/machine-list.ts';
import { hashOf } from '../model/place.ts';
import { Icon } from '../parts/icon.tsx';
import { Facts, Page, Panel } from '../parts/page.tsx';
import { Loading, Problem } from '../parts/problem.tsx';
import { Stage } from '../parts/stage.tsx';
import { useLoad } from '../parts/use-load.ts';
import { BootDialog, ForgetDialog } from './boot-dialog.tsx';
import { Steps, Why } from './story.tsx';

/** A story is asked for anew when its machine moved; not more often than this. */
const ASK_MS = 700;

/** One machine: how its boot went and why, and what it boots next. */
export function MachineView({ id }: { readonly id: string }) {
  const { api, live, notices } = useConsole();
  const story = useLoad(id, () => api.get<StoryJson>(`machines/${encodeURIComponent(id)}/why`));
  const summary = live.machines.all.value.find((one) => one.id === id || one.ip === id);
  const [asked, setAsked] = useState<'boot' | 'local' | 'forget'>();
  const { reload } = story;
  const told = useRef(summary);
  useEffect(() => {
    if (told.current === summary) return undefined;
    told.current = summary;
    const timer = window.setTimeout(() => void reload(), ASK_MS);
    return () => clearTimeout(timer);
  }, [summary, reload]);
  const { data } = story;
  const name = nameOf(data ?? summary ?? { id });
  const close = () => setAsked(undefined);
  const done = async (text: string) => {
    notices.good(text);
    await story.reload();
  };
  return (
    <Page
      title={name}
      actions={
        data && (
          <>
            <button type="button" class="btn primary" onClick={() => setAsked('boot')}>
              <Icon name="profiles" />
              Choose what it boots
            </button>
            <button type="button" class="btn" onClick={() => setAsked('local')}>
              <Icon name="disk" />
              Boot local disk
            </button>
            <button type="button" class="btn" onClick={() => setAsked('forget')}>
              <Icon name="again" />
              Forget installation
            </button>
          </>
        )
      }
    >
      <p class="tools">
        <a href={hashOf({ view: 'machines' })}>All machines</a>
      </p>
      {story.problem !== undefined && <Problem error={story.problem} onAgain={() => void story.reload()} />}
      {!data && story.problem === undefined && <Loading rows={8} />}
      {data && <Told story={data} />}
      {asked === 'forget' && <ForgetDialog machine={id} onDone={done} onClose={close} />}
      {(asked === 'boot' || asked === 'local') && (
        <BootDialog
          machine={id}
          profile={asked === 'local' ? 'local' : (data?.chosen?.profile ?? data?.next?.profile)}
          isChosen={data?.chosen !== undefined}
          onDone={done}
          onClose={close}
        />
      )}
    </Page>
  );
}

function Told({ story }: { readonly story: StoryJson }) {
  const { id, mac, ip, uuid, arch, firmware, profile, bytes, totalBytes, stage, boots, chosen, next } = story;
  const now = Date.now();
  const when = (text: string) => formatWhen(Date.parse(text), now);
  return (
    <>
      <Why story={story} />
      <Panel title="What it boots next">
        <p>
          {next?.profile === undefined ? (
            <span class="muted">
              {next === undefined
                ? 'There are no profiles; its loader finds a file of the tree.'
                : next.reason}
            </span>
          ) : (
            <>
              <b>{next.profile}</b> <span class="muted">({next.reason})</span>
            </>
          )}
        </p>
        {chosen && (
          <p class="muted">
            {chosen.profile} was chosen {when(chosen.since)},{' '}
            {chosen.once ? `for one boot${chosen.taken ? ', which has begun' : ''}` : 'from then on'}.
          </p>
        )}
      </Panel>
      <Panel
        title="Its last boot"
        actions={
          <span class="acts">
            <a class="btn small" href={`/api/v1/machines/${encodeURIComponent(id)}/capture`} download>
              <Icon name="download" />
              Packets
            </a>
            <a class="btn small" href={hashOf({ view: 'log', machine: mac ?? id })}>
              <Icon name="log" />
              Log
            </a>
          </span>
        }
      >
        <Steps story={story} />
      </Panel>
      <Panel title="Machine">
        <Facts
          of={[
            ['MAC', mac && <span class="mono">{mac}</span>],
            ['Address', ip && <span class="mono">{ip}</span>],
            ['Stage', <Stage key="stage" stage={stage} />],
            ['Firmware', firmware],
            ['Architecture', arch],
            ['UUID', uuid && <span class="mono">{uuid}</span>],
            ['Profile of this boot', profile],
            [
              'Files of this boot',
              totalBytes !== undefined && totalBytes > bytes
                ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`
                : formatBytes(bytes),
            ],
            ['Began', when(story.since)],
            ['Last heard of', when(story.lastSeen)],
            ['Remembered', formatMany(boots, 'boot')],
          ]}
        />
      </Panel>
      {story.earlier.length > 0 && (
        <Panel title="Earlier boots">
          <ol class="steps">
            {story.earlier.map((one) => (
              <li key={one.began} class={one.stage === 'failed' ? 'bad' : 'good'}>
                <time dateTime={one.began}>{when(one.began)}</time>
                <Icon name={one.stage === 'failed' ? 'cross' : 'check'} />
                <p>{one.text}</p>
              </li>
            ))}
          </ol>
        </Panel>
      )}
    </>
  );
}
