import { useEffect, useState } from 'preact/hooks';
import { ApiProblem } from '../api/api.ts';
import type { Applied, Checked, ConfigView as Config, Saved } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { problemsOf, type TextProblem } from '../model/config-problems.ts';
import { formatMany, formatWhen } from '../model/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Empty, Loading, Problem } from '../parts/problem.tsx';
import { useLoad } from '../parts/use-load.ts';
import { Effective, Findings, Refused } from './config-findings.tsx';
import { createJump, Editor } from './editor.tsx';

/** A pause in typing: only then it is looked at. */
const PAUSE_MS = 400;

/** The configuration file, checked while somebody writes. */
export function ConfigView() {
  const { api } = useConsole();
  const config = useLoad('config', () => api.get<Config>('config'));
  return (
    <Page title="Configuration">
      {config.problem !== undefined && (
        <Problem error={config.problem} onAgain={() => void config.reload()} />
      )}
      {!config.data && config.problem === undefined && <Loading rows={10} />}
      {config.data && <WithConfig config={config.data} onReload={config.reload} />}
    </Page>
  );
}

type WithConfigProps = { readonly config: Config; readonly onReload: () => Promise<void> };

function WithConfig({ config, onReload }: WithConfigProps) {
  if (config.file === undefined) {
    return (
      <>
        <Empty title="pxed was started without a configuration file">
          <p>
            All that it does stands on its command line. Started with <code>pxed --config FILE</code>, the
            file can be changed here, and is put in force without a restart.
          </p>
        </Empty>
        <Effective effective={config.effective} />
      </>
    );
  }
  if (config.text === undefined) {
    return (
      <Empty title={`${config.file} cannot be read`}>
        <p>{config.whyNotWritable ?? 'pxed may not read it: it gave up root after its start.'}</p>
      </Empty>
    );
  }
  return <Editing config={config} text={config.text} onReload={onReload} />;
}

type EditingProps = WithConfigProps & { readonly text: string };

function Editing({ config, text: saved, onReload }: EditingProps) {
  const { api, notices, draft } = useConsole();
  const { file = '', etag, writable, whyNotWritable, inForce, needsRestart, editor } = config;
  const own = draft.value;
  const text = own?.text ?? saved;
  const isChanged = text !== saved;
  const [checked, setChecked] = useState<Checked>();
  const [refused, setRefused] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);
  const [jump] = useState(createJump);

  useEffect(() => {
    if (!isChanged) {
      setChecked(undefined);
      return undefined;
    }
    let isOld = false;
    const timer = window.setTimeout(async () => {
      try {
        const answer = await api.send<Checked>('POST', 'config/check', { text });
        if (!isOld) setChecked(answer);
      } catch (error) {
        // A text that is no YAML at all is refused, with the same problems.
        if (!isOld && error instanceof ApiProblem) {
          setChecked({
            problems: [...problemsOf(error.details)] as Checked['problems'],
            changed: [],
            needsRestart: [],
          });
        }
      }
    }, PAUSE_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [api, text, isChanged]);

  useEffect(() => {
    if (!isChanged) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isChanged]);

  async function save(force: boolean, match = own?.etag ?? etag): Promise<void> {
    if (isBusy || !isChanged) return;
    setBusy(true);
    setRefused(undefined);
    try {
      const answer = await api.send<Saved>('PUT', 'config', { text, ifMatch: match, force });
      notices.good(wordsOf(answer));
      await onReload();
      draft.value = undefined;
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setRefused(error);
    } finally {
      setBusy(false);
    }
  }

  async function putInForce(): Promise<void> {
    const { applied, problems } = await api.send<Applied>('POST', 'config/apply');
    if (!applied) throw new Error(`It was not put in force: ${problems.join('; ')}`);
    notices.good('The configuration is in force');
    await onReload();
  }

  async function takeTheirs(): Promise<void> {
    await onReload();
    draft.value = undefined;
    setRefused(undefined);
  }

  const problems: readonly TextProblem[] = isChanged ? (checked?.problems ?? []) : config.problems;
  return (
    <>
      <p class="tools">
        <code>{file}</code>
        <span class={`badge ${isChanged ? 'warn' : inForce ? 'good' : 'warn'}`}>
          {isChanged ? 'not saved' : inForce ? 'in force' : 'not in force'}
        </span>
        {editor && (
          <span class="muted">
            {editor.who} has been editing it since {formatWhen(Date.parse(editor.since), Date.now())}.
          </span>
        )}
      </p>
      {!writable && (
        <p class="lost">
          <Icon name="warn" />
          <span>It can be tried here and not saved: {whyNotWritable ?? 'pxed may not write it'}.</span>
        </p>
      )}
      {!isChanged && needsRestart.length > 0 && (
        <p class="lost">
          <Icon name="warn" />
          <span>It waits for a restart of pxed: {needsRestart.join(', ')}.</span>
        </p>
      )}
      <Editor
        text={text}
        problems={problems}
        jump={jump}
        onText={(now) => {
          draft.value = now === saved ? undefined : { text: now, etag: own?.etag ?? etag };
        }}
      />
      <Findings
        problems={problems}
        checked={isChanged ? checked : undefined}
        onJump={(line) => jump.to(line)}
      />
      {refused && <Refused problem={refused} onForce={(match) => save(true, match)} onTheirs={takeTheirs} />}
      <div class="tools">
        <button
          type="button"
          class="btn primary"
          aria-disabled={!isChanged || isBusy || !writable || problems.length > 0}
          onClick={() => {
            if (writable && problems.length === 0) void save(false).catch(notices.bad);
          }}
        >
          Save and put in force
        </button>
        {!isChanged && !inForce && problems.length === 0 && needsRestart.length === 0 && (
          <button type="button" class="btn" onClick={() => void putInForce().catch(notices.bad)}>
            Put in force what the file says
          </button>
        )}
        <button
          type="button"
          class="btn"
          aria-disabled={!isChanged}
          onClick={() => {
            draft.value = undefined;
            setRefused(undefined);
          }}
        >
          Undo all changes
        </button>
      </div>
      <Effective effective={config.effective} />
    </>
  );
}

function wordsOf({ saved, changed, applied, needsRestart }: Saved): string {
  if (!saved) return 'Nothing was changed';
  const what = formatMany(changed.length, 'change');
  if (applied) return `${what} saved and in force`;
  return `${what} saved; ${needsRestart.join(', ')} will hold after a restart`;
}
