import type { Upload } from './upload.ts';

/** Uploads that have neither ended well nor been given up. */
export type PendingUploads = {
  /** Until the function that it gives is called, an end of the process takes the upload back. */
  add(upload: Pick<Upload, 'discard'>): () => void;
};

/** A process that ends while octets still come (it was asked to stop, say) leaves no half files; only a killed one does. */
export function createPendingUploads(): PendingUploads {
  const uploads = new Set<Pick<Upload, 'discard'>>();
  const discardAll = () => {
    for (const upload of uploads) upload.discard();
  };
  return {
    add(upload) {
      if (uploads.size === 0) process.on('exit', discardAll);
      uploads.add(upload);
      return () => {
        uploads.delete(upload);
        if (uploads.size === 0) process.off('exit', discardAll);
      };
    },
  };
}
