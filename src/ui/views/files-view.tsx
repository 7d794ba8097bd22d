import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FileFacts, FileList as Listing } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { joined, nameProblem, trailOf } from '../model/paths.ts';
import { hashOf } from '../model/place.ts';
import { Ask } from '../parts/dialog.tsx';
import { Search, TextField } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Empty, Loading, Problem } from '../parts/problem.tsx';
import { useLoad } from '../parts/use-load.ts';
import { FileDialog } from './file-dialog.tsx';
import { FileTable } from './file-table.tsx';
import { Uploads } from './uploads.tsx';

/** The folder that machines are served from. */
export function FilesView({ folder }: { readonly folder: string }) {
  const { api, uploader } = useConsole();
  const query = `files?path=${encodeURIComponent(folder)}`;
  const list = useLoad(query, () => api.get<Listing>(query));
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<FileFacts>();
  const [isNaming, setNaming] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const arrived = uploader.arrived.value;
  useEffect(() => {
    if (arrived > 0) void list.reload();
  }, [arrived]);
  const upload = (files: FileList | null) => {
    for (const file of files ?? []) uploader.add(joined(folder, file.name), file);
  };
  const all = list.data?.files ?? [];
  const shown = all.filter(({ path }) => path.toLowerCase().includes(text.toLowerCase()));
  return (
    <Page
      title="Files"
      actions={
        <>
          <button type="button" class="btn" onClick={() => setNaming(true)}>
            <Icon name="plus" />
            New folder
          </button>
          <button type="button" class="btn primary" onClick={() => picker.current?.click()}>
            <Icon name="upload" />
            Upload files
          </button>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label="Files to upload"
            onChange={({ currentTarget }) => {
              upload(currentTarget.files);
              currentTarget.value = '';
            }}
          />
        </>
      }
    >
      <div class="tools">
        <Trail folder={folder} />
        {all.length > 8 && <Search label="Filter this folder" value={text} onValue={setText} />}
      </div>
      <Uploads />
      {list.problem !== undefined && <Problem error={list.problem} onAgain={() => void list.reload()} />}
      <Drop onFiles={upload}>
        {!list.data && list.problem === undefined && <Loading />}
        {list.data && all.length === 0 && (
          <Empty title={folder === '' ? 'The boot root is empty' : 'This folder is empty'}>
            <p>
              Upload loaders, kernels and initrds, or drop them here. <code>pxectl loaders install</code>{' '}
              brings the loaders of this machine’s packages.
            </p>
          </Empty>
        )}
        {all.length > 0 && shown.length === 0 && <Empty title="No file fits" />}
        {shown.length > 0 && <FileTable files={shown} onChoose={setChosen} />}
        {list.data?.truncated && <p class="more muted">There are more files than are shown here.</p>}
      </Drop>
      {chosen && <FileDialog file={chosen} onChange={list.reload} onClose={() => setChosen(undefined)} />}
      {isNaming && <NewFolder folder={folder} onChange={list.reload} onClose={() => setNaming(false)} />}
    </Page>
  );
}

/** The way from the root, each step a link. */
function Trail({ folder }: { readonly folder: string }) {
  const steps = trailOf(folder);
  return (
    <nav aria-label="Folder">
      <ol class="trail">
        <li>
          <a href={hashOf({ view: 'files', folder: '' })} aria-current={folder === '' ? 'page' : undefined}>
            boot root
          </a>
        </li>
        {steps.map(({ name, path }) => (
          <li key={path}>
            <a
              href={hashOf({ view: 'files', folder: path })}
              aria-current={path === folder ? 'page' : undefined}
            >
              {name}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

type DropProps = {
  readonly onFiles: (files: FileList | null) => void;
  readonly children: ComponentChildren;
};

function Drop({ onFiles, children }: DropProps) {
  const [isOver, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button does the same without a mouse
    <div
      class={isOver ? 'sheet drop over' : 'sheet drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles(event.dataTransfer?.files ?? null);
      }}
    >
      {children}
    </div>
  );
}

type NewFolderProps = {
  readonly folder: string;
  readonly onChange: () => Promise<void>;
  readonly onClose: () => void;
};

function NewFolder({ folder, onChange, onClose }: NewFolderProps) {
  const { api } = useConsole();
  const [name, setName] = useState('');
  return (
    <Ask
      title="New folder"
      verb="Make it"
      onClose={onClose}
      onDo={async () => {
        const problem = nameProblem(name);
        if (problem !== undefined) throw new Error(problem);
        await api.send('POST', 'folders', { path: joined(folder, name.trim()) });
        await onChange();
      }}
    >
      <TextField label="Name" value={name} onValue={setName} required mono />
    </Ask>
  );
}
