import { formatBytes } from '../../lib/size.ts';
import { useConsole } from '../console.ts';
import { isOver, type Upload, uploadsLine } from '../model/uploads.ts';
import { Panel } from '../parts/page.tsx';
import { Meter } from '../parts/stage.tsx';

/** Files on their way here, and what became of them. */
export function Uploads() {
  const { uploader } = useConsole();
  const uploads = uploader.uploads.value;
  const areOver = uploads.every(isOver);
  if (uploads.length === 0) return <p class="unseen" role="status" />;
  return (
    <Panel
      title="Uploads"
      actions={
        areOver && (
          <button type="button" class="btn small" onClick={uploader.clear}>
            Close
          </button>
        )
      }
    >
      <p class="unseen" role="status">
        {areOver ? uploadsLine(uploads) : ''}
      </p>
      <ul class="uploads">
        {uploads.map((upload) => (
          <Line key={upload.number} upload={upload} onStop={() => uploader.stop(upload.number)} />
        ))}
      </ul>
    </Panel>
  );
}

const WORDS = { waiting: 'waits', done: 'uploaded', same: 'was the same already', failed: 'failed' } as const;

function Line({ upload, onStop }: { readonly upload: Upload; readonly onStop: () => void }) {
  const { path, bytes, totalBytes, state, problem } = upload;
  const isSending = state === 'sending';
  // All octets are sent, and pxed reads them back before it says so.
  const word =
    state === 'sending'
      ? bytes >= totalBytes
        ? 'is checked'
        : `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`
      : WORDS[state];
  return (
    <li>
      <span class="one-line mono" title={path}>
        {path}
      </span>
      <span class="acts">
        <span class={`badge ${state === 'failed' ? 'bad' : isOver(upload) ? 'good' : 'busy'}`}>{word}</span>
        {!isOver(upload) && (
          <button type="button" class="btn small" onClick={onStop}>
            Stop<span class="unseen"> {path}</span>
          </button>
        )}
      </span>
      {isSending && <Meter value={bytes} most={totalBytes} label={`Upload of ${path}`} />}
      {problem !== undefined && <p class="muted">{problem}</p>}
    </li>
  );
}
