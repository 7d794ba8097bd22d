import { useId } from 'preact/hooks';

export type SearchProps = {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
};

/** Narrows a list while somebody types. */
export function Search({ label, value, onValue }: SearchProps) {
  return (
    <label class="search">
      <span class="unseen">{label}</span>
      <input
        type="search"
        placeholder={label}
        value={value}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

export type TextFieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: string;
  readonly mono?: boolean;
  readonly required?: boolean;
  /** What can be chosen from, and typed over. */
  readonly choices?: readonly { readonly value: string; readonly label?: string }[];
};

export function TextField({ label, value, onValue, hint, mono, required, choices }: TextFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class={mono ? 'mono' : ''}
        value={value}
        required={required ?? false}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        list={choices === undefined ? undefined : `${id}-choices`}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {choices && (
        <datalist id={`${id}-choices`}>
          {choices.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </datalist>
      )}
    </div>
  );
}

export type Choice<T extends string> = { readonly value: T; readonly label: string; readonly count?: number };

export type ChoicesProps<T extends string> = {
  readonly label: string;
  readonly of: readonly Choice<T>[];
  readonly value: T;
  readonly onValue: (value: T) => void;
  /** One below the other, with room for words. */
  readonly stacked?: boolean;
};

/** One of a few: radio buttons, so that arrow keys walk through them. */
export function Choices<T extends string>({ label, of, value, onValue, stacked }: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset class={stacked ? 'choices stacked' : 'choices'}>
      <legend class={stacked ? '' : 'unseen'}>{label}</legend>
      {of.map((one) => (
        <label key={one.value} class="choice">
          <input
            type="radio"
            name={name}
            value={one.value}
            checked={one.value === value}
            onChange={() => onValue(one.value)}
          />
          <span>
            {one.label}
            {one.count !== undefined && <b class="count">{one.count}</b>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export type SelectProps<T extends string> = {
  readonly label: string;
  readonly of: readonly Choice<T>[];
  readonly value: T;
  readonly onValue: (value: T) => void;
  /** Its label is seen, too. */
  readonly labelled?: boolean;
};

export function Select<T extends string>({ label, of, value, onValue, labelled }: SelectProps<T>) {
  const id = useId();
  return (
    <div class={labelled ? 'field' : 'field bare'}>
      <label for={id} class={labelled ? '' : 'unseen'}>
        {label}
      </label>
      <select id={id} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value as T)}>
        {of.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </select>
    </div>
  );
}
