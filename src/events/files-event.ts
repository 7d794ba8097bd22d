/** What operators do with the files that are served, by pxectl, the console or the API; `by` is who. */
export type FilesEvent =
  | {
      readonly type: 'files.stored';
      readonly path: string;
      readonly bytes: number;
      /** There was a file of that name. */
      readonly replaced: boolean;
      readonly by: string;
    }
  | {
      readonly type: 'files.changed';
      readonly change: FilesChange;
      readonly path: string;
      /** The new name. */
      readonly to?: string;
      readonly by: string;
    };

export type FilesChange = 'moved' | 'removed' | 'folder-made';
