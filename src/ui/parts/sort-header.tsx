import { Icon } from './icon.tsx';

export type SortHeaderProps<K extends string> = {
  readonly by: K;
  readonly label: string;
  readonly sorting: { readonly by: K; readonly descending: boolean };
  readonly onSort: (sorting: { readonly by: K; readonly descending: boolean }) => void;
  readonly class?: string;
};

/** A heading of a column that sorts by it; once more the other way round. */
export function SortHeader<K extends string>({ by, label, sorting, onSort, ...rest }: SortHeaderProps<K>) {
  const isChosen = sorting.by === by;
  const direction = sorting.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" aria-sort={isChosen ? direction : undefined} class={rest.class ?? ''}>
      <button
        type="button"
        class="sort"
        onClick={() => onSort({ by, descending: isChosen && !sorting.descending })}
      >
        {label}
        {isChosen && <Icon name={sorting.descending ? 'down' : 'up'} />}
      </button>
    </th>
  );
}
