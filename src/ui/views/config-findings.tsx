import { useState } from 'preact/hooks';
import type { ApiProblem } from '../api/api.ts';
import type { Checked, ConfigView as Config } from '../api/shapes.ts';
import type { TextProblem } from '../model/config-problems.ts';
import { formatMany } from '../model/format.ts';
import { Ask } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

type FindingsProps = {
  readonly problems: readonly TextProblem[];
  readonly checked: Checked | undefined;
  readonly onJump: (line: number) => void;
};

/** What is wrong, each a way to its line; else what would change. */
export function Findings({ problems, checked, onJump }: FindingsProps) {
  return (
    <div role="status" class="findings">
      {problems.length > 0 && (
        <ul class="problems" id="config-problems">
          {problems.map(({ line, path, message }, index) => (
            <li key={index}>
              <Icon name="warn" />
              <span>
                {line !== undefined && (
                  <>
                    <button type="button" class="as-link" onClick={() => onJump(line)}>
                      Line {line}
                    </button>
                    {': '}
                  </>
                )}
                {path !== undefined && <code>{path}</code>} {message}
              </span>
            </li>
          ))}
        </ul>
      )}
      {checked && problems.length === 0 && (
        <p class="muted">
          No mistake. {formatMany(checked.changed.length, 'setting')} would change
          {checked.needsRestart.length > 0 && `; ${checked.needsRestart.join(', ')} only with a restart`}.
        </p>
      )}
      {checked && problems.length === 0 && checked.changed.length > 0 && (
        <ul class="changes">
          {checked.changed.slice(0, 20).map(({ path, before, after }) => (
            <li key={path}>
              {path}: {before === undefined ? 'nothing' : JSON.stringify(before)} →{' '}
              {after === undefined ? 'nothing' : JSON.stringify(after)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

type RefusedProps = {
  readonly problem: ApiProblem;
  readonly onForce: (etag?: string) => Promise<void>;
  readonly onTheirs: () => Promise<void>;
};

/** Somebody else was faster, or is at it: nothing of theirs is put away without a word. */
export function Refused({ problem, onForce, onTheirs }: RefusedProps) {
  const [isAsking, setAsking] = useState(false);
  const { code, details } = problem;
  const newest = (details as { etag?: string } | undefined)?.etag;
  const isConflict = code === 'changed' || code === 'being-edited';
  return (
    <div class="findings">
      <Problem error={problem} />
      {isConflict && (
        <div class="tools">
          <button type="button" class="btn" onClick={() => void onTheirs()}>
            Take what the file says now
          </button>
          <button type="button" class="btn danger" onClick={() => setAsking(true)}>
            Save mine nevertheless…
          </button>
        </div>
      )}
      {isAsking && (
        <Ask
          title="Save yours over theirs?"
          verb="Save mine"
          dangerous
          onDo={() => onForce(newest)}
          onClose={() => setAsking(false)}
        >
          <p>What somebody else changed in the meantime is lost where your text says something else.</p>
        </Ask>
      )}
    </div>
  );
}

export function Effective({ effective }: { readonly effective: Config['effective'] }) {
  return (
    <Panel title="In force">
      <details>
        <summary>Everything that holds, with defaults and the command line</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
        <pre class="effective" tabIndex={0}>
          {JSON.stringify(effective, null, 2)}
        </pre>
      </details>
    </Panel>
  );
}
