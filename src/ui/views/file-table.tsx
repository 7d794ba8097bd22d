import { formatBytes } from '../../lib/size.ts';
import type { FileFacts } from '../api/shapes.ts';
import { formatWhen } from '../model/format.ts';
import { lastOf } from '../model/paths.ts';
import { hashOf } from '../model/place.ts';
import { Icon } from '../parts/icon.tsx';

export type FileTableProps = {
  readonly files: readonly FileFacts[];
  readonly onChoose: (file: FileFacts) => void;
};

/** Folders first, as one looks for them. */
export function FileTable({ files, onChoose }: FileTableProps) {
  const now = Date.now();
  const inOrder = [...files].sort((a, b) => Number(isFolder(b)) - Number(isFolder(a)));
  return (
    <table>
      <caption class="unseen">Files of this folder</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="w-s end">
            Size
          </th>
          <th scope="col" class="wide w-m">
            Changed
          </th>
          <th scope="col" class="w-xs">
            <span class="unseen">More</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {inOrder.map((file) => (
          <tr key={file.path}>
            <th scope="row">
              <span class="file-name">
                <Icon name={file.kind === 'link' ? 'link' : isFolder(file) ? 'files' : 'file'} />
                <Name file={file} onChoose={onChoose} />
              </span>
            </th>
            <td class="end num">{isFolder(file) ? '' : formatBytes(file.sizeBytes)}</td>
            <td class="wide num">{formatWhen(Date.parse(file.modified), now)}</td>
            <td class="end">
              {isFolder(file) && (
                <button type="button" class="btn small bare" onClick={() => onChoose(file)}>
                  More<span class="unseen"> of {lastOf(file.path)}</span>
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Name({
  file,
  onChoose,
}: {
  readonly file: FileFacts;
  readonly onChoose: FileTableProps['onChoose'];
}) {
  const { path, kind, target, leadsTo } = file;
  const name = lastOf(path);
  const link = kind === 'link' && (
    <span class="second">
      leads to {target}
      {leadsTo === undefined && ', which nobody is served'}
    </span>
  );
  return (
    <span>
      {isFolder(file) ? (
        <a class="mono" href={hashOf({ view: 'files', folder: path })}>
          {name}
        </a>
      ) : (
        <button type="button" class="as-link mono" onClick={() => onChoose(file)}>
          {name}
        </button>
      )}
      {link}
    </span>
  );
}

export function isFolder({ kind, leadsTo }: FileFacts): boolean {
  return kind === 'folder' || leadsTo === 'folder';
}
