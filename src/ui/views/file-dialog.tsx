import { useState } from 'preact/hooks';
import { formatBytes } from '../../lib/size.ts';
import type { FileFacts } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { formatWhen } from '../model/format.ts';
import { encodedPath, lastOf, nameProblem } from '../model/paths.ts';
import { Ask, Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Facts } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

export type FileDialogProps = {
  readonly file: FileFacts;
  readonly onChange: () => Promise<void>;
  readonly onClose: () => void;
};

/** What is known of a file or folder, and what can be done with it. */
export function FileDialog(props: FileDialogProps) {
  const { file, onClose } = props;
  const [asked, setAsked] = useState<'rename' | 'remove'>();
  if (asked === 'rename') return <Rename {...props} />;
  if (asked === 'remove') return <Remove {...props} />;
  const { path, kind, sizeBytes, modified, target, leadsTo } = file;
  const isFile = kind === 'file' || leadsTo === 'file';
  return (
    <Dialog title={lastOf(path)} onClose={onClose}>
      <Facts
        of={[
          ['Path', <code key="path">{path}</code>],
          [
            'Size',
            isFile ? `${formatBytes(sizeBytes)} (${sizeBytes.toLocaleString('en')} octets)` : undefined,
          ],
          ['Changed', formatWhen(Date.parse(modified), Date.now())],
          ['Leads to', target && <code>{target}</code>],
        ]}
      />
      {isFile && <Hash path={path} />}
      <div class="acts">
        {isFile && (
          <a class="btn" href={`/api/v1/files/${encodedPath(path)}`} download={lastOf(path)}>
            <Icon name="download" />
            Download
          </a>
        )}
        <button type="button" class="btn" onClick={() => setAsked('rename')}>
          Rename…
        </button>
        <button type="button" class="btn danger" onClick={() => setAsked('remove')}>
          Delete…
        </button>
      </div>
    </Dialog>
  );
}

function Hash({ path }: { readonly path: string }) {
  const { api } = useConsole();
  const [hash, setHash] = useState<string>();
  const [problem, setProblem] = useState<unknown>();
  const ask = async () => {
    try {
      const answer = await api.get<{ hash: string }>(`file-hash?path=${encodeURIComponent(path)}`);
      setHash(answer.hash);
    } catch (error) {
      setProblem(error);
    }
  };
  if (problem !== undefined) return <Problem error={problem} />;
  return (
    <div role="status">
      {hash === undefined ? (
        <button type="button" class="btn small" onClick={() => void ask()}>
          Work out its SHA-256
        </button>
      ) : (
        <Facts of={[['SHA-256', <code key="hash">{hash}</code>]]} />
      )}
    </div>
  );
}

function Rename({ file: { path }, onChange, onClose }: FileDialogProps) {
  const { api, notices } = useConsole();
  const [to, setTo] = useState(path);
  return (
    <Ask
      title={`Rename ${lastOf(path)}`}
      verb="Rename"
      onClose={onClose}
      onDo={async () => {
        const problem = nameProblem(to);
        if (problem !== undefined) throw new Error(problem);
        await api.send('POST', 'file-moves', { from: path, to: to.trim(), overwrite: false });
        notices.good(`${path} is ${to.trim()} now`);
        await onChange();
      }}
    >
      <TextField
        label="New name"
        hint="From the boot root: another folder moves it there."
        value={to}
        onValue={setTo}
        required
        mono
      />
    </Ask>
  );
}

function Remove({ file: { path, kind }, onChange, onClose }: FileDialogProps) {
  const { api, notices } = useConsole();
  const isFolder = kind === 'folder';
  return (
    <Ask
      title={`Delete ${lastOf(path)}?`}
      verb="Delete"
      dangerous
      onClose={onClose}
      onDo={async () => {
        await api.send('DELETE', `files/${encodedPath(path)}${isFolder ? '?recursive=true' : ''}`);
        notices.good(`${path} is deleted`);
        await onChange();
      }}
    >
      <p>
        <code>{path}</code>
        {isFolder && ' and everything in it'} cannot be brought back. A machine that asks for it will be told
        that it is not there.
      </p>
    </Ask>
  );
}
