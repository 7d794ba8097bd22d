import { useState } from 'preact/hooks';
import type { ChosenJson, ForgottenJson, Status } from '../api/shapes.ts';
import { useConsole } from '../console.ts';
import { nameOf } from '../model/machine-list.ts';
import { Ask } from '../parts/dialog.tsx';
import { Choices, Select, TextField } from '../parts/field.tsx';
import { useLoad } from '../parts/use-load.ts';

export type BootDialogProps = {
  /** Asked for when it is not said. */
  readonly machine?: string;
  readonly profile?: string | undefined;
  /** Somebody chose something for it: that can be taken back. */
  readonly isChosen?: boolean;
  readonly onDone: (text: string) => Promise<void> | void;
  readonly onClose: () => void;
};

type When = 'once' | 'always' | 'never';

/** What a machine boots: the next time, or from now on. */
export function BootDialog({ machine, profile, isChosen = false, onDone, onClose }: BootDialogProps) {
  const { api, live } = useConsole();
  const status = useLoad('status', () => api.get<Status>('status'));
  const [who, setWho] = useState(machine ?? '');
  const [wanted, setWanted] = useState(profile ?? '');
  const [when, setWhen] = useState<When>('once');
  const names = [...new Set([...(status.data?.profiles ?? []), 'local', ...(profile ? [profile] : [])])];
  const name = wanted === '' ? (names[0] ?? 'local') : wanted;
  return (
    <Ask
      title={machine === undefined ? `Boot a machine with ${name}` : 'Choose what it boots'}
      verb={when === 'never' ? 'Take back' : 'Choose'}
      onClose={onClose}
      onDo={async () => {
        const wish = when === 'never' ? { profile: null } : { profile: name, once: when === 'once' };
        const path = `machines/${encodeURIComponent(who.trim())}/boot`;
        const { text } = await api.send<ChosenJson>('POST', path, wish);
        await onDone(text);
      }}
    >
      {machine === undefined && (
        <TextField
          label="Machine"
          hint="Its MAC, or the address or UUID of one that was here."
          value={who}
          onValue={setWho}
          required
          mono
          choices={live.machines.all.value.map((one) => ({ value: one.mac ?? one.id, label: nameOf(one) }))}
        />
      )}
      {when !== 'never' && (
        <Select
          label="Profile"
          labelled
          value={name}
          of={names.map((value) => ({ value, label: value === 'local' ? 'local: its own disk' : value }))}
          onValue={setWanted}
        />
      )}
      <Choices<When>
        label="When"
        stacked
        value={when}
        onValue={setWhen}
        of={[
          { value: 'once', label: 'The next time only, then again what the configuration says' },
          { value: 'always', label: 'From now on' },
          ...(isChosen
            ? [{ value: 'never' as const, label: 'Take the choice back: what the configuration says' }]
            : []),
        ]}
      />
      <p class="hint">It takes effect when the machine boots; pxed does not switch it on.</p>
    </Ask>
  );
}

export type ForgetDialogProps = {
  readonly machine: string;
  readonly onDone: (text: string) => Promise<void>;
  readonly onClose: () => void;
};

export function ForgetDialog({ machine, onDone, onClose }: ForgetDialogProps) {
  const { api } = useConsole();
  return (
    <Ask
      title="Forget what it has installed?"
      verb="Forget"
      dangerous
      onClose={onClose}
      onDo={async () => {
        const path = `machines/${encodeURIComponent(machine)}/progress`;
        const { text } = await api.send<ForgottenJson>('DELETE', path);
        await onDone(text);
      }}
    >
      <p>
        Profiles that are offered once will be offered to <b class="mono">{machine}</b> again: at its next
        boot from the network an installer may run, and overwrite its disk.
      </p>
    </Ask>
  );
}
