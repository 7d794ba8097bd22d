import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

/** What did not work, and what to do: read out at once. */
export function Problem({ error, onAgain }: { readonly error: unknown; readonly onAgain?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <Icon name="warn" />
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {onAgain && (
        <button type="button" class="btn small" onClick={onAgain}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing is here, and how something comes here. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Of the height of what will be here. */
export function Loading({ rows = 4 }: { readonly rows?: number }) {
  return (
    <div class="loading">
      <p class="unseen">Loading</p>
      {Array.from({ length: rows }, (_, row) => (
        <div class="loading-row" key={row} />
      ))}
    </div>
  );
}
