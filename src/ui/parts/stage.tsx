import type { Machine } from '../api/shapes.ts';
import { groupOf, STEPS, stepsOf } from '../model/machine-list.ts';
import { Icon } from './icon.tsx';

const WORDS: Readonly<Record<Machine['stage'], string>> = {
  address: 'Address',
  loader: 'Loader',
  config: 'Configuration',
  kernel: 'Kernel',
  initrd: 'Initrd',
  system: 'System',
  done: 'Booted',
  failed: 'Failed',
  files: 'Files only',
};

/** How far a machine is: a word, and six strokes of which those behind it are filled. */
export function Stage({ stage }: Pick<Machine, 'stage'>) {
  const group = groupOf({ stage });
  const steps = stepsOf({ stage });
  return (
    <span class={`stage ${group}`}>
      <span class="track" aria-hidden="true">
        {STEPS.map((step, index) => (
          <i key={step} class={index < steps ? 'full' : ''} />
        ))}
      </span>
      <span class="stage-word">
        {group === 'failed' && <Icon name="cross" />}
        {group === 'booted' && <Icon name="check" />}
        {WORDS[stage]}
      </span>
    </span>
  );
}

/** How much of something is there. Without a total: how much, and no bar. */
export function Meter({
  value,
  most,
  label,
}: {
  readonly value: number;
  readonly most: number | undefined;
  readonly label: string;
}) {
  if (most === undefined || most <= 0) return <span class="meter none" />;
  return <progress class="meter" value={Math.min(value, most)} max={most} aria-label={label} />;
}
