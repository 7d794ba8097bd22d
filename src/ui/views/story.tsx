import type { Explanation, StoryJson } from '../api/shapes.ts';
import { formatMany, formatSpan, formatWhen } from '../model/format.ts';
import { Icon } from '../parts/icon.tsx';

const VERDICTS: Readonly<Record<Explanation['verdict'], { readonly kind: string; readonly word: string }>> = {
  booted: { kind: 'good', word: 'Booted' },
  booting: { kind: 'busy', word: 'Booting' },
  failed: { kind: 'bad', word: 'Failed' },
  ignored: { kind: 'warn', word: 'Ignored' },
  unknown: { kind: 'warn', word: 'Not known' },
  files: { kind: '', word: 'Files only' },
};

const CERTAIN = {
  sure: { kind: 'bad', word: 'certain' },
  likely: { kind: 'warn', word: 'likely' },
  possible: { kind: '', word: 'possible' },
} as const;

/** What became of a boot, and the reasons, the truest first. */
export function Why({ story }: { readonly story: StoryJson }) {
  const { verdict, headline, reasons, missing } = story.explanation;
  const { kind, word } = VERDICTS[verdict];
  const isTrouble = verdict === 'failed' || verdict === 'ignored';
  return (
    <section class={`panel verdict ${kind}`} aria-label="Why">
      <p class="verdict-line">
        <span class={`badge ${kind}`}>
          {verdict === 'booted' && <Icon name="check" />}
          {isTrouble && <Icon name="cross" />}
          {word}
        </span>
        <span class="headline">{headline}</span>
      </p>
      {missing !== undefined && <p class="muted">What never came: {missing}</p>}
      {reasons.length > 0 && (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li key={reason.code}>
              <span>
                <span class={`badge ${isTrouble ? CERTAIN[reason.certainty].kind : ''}`}>
                  {CERTAIN[reason.certainty].word}
                </span>
              </span>
              <p>{reason.text}</p>
              {reason.fix !== undefined && <p class="fix">{reason.fix}</p>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Everything that it asked and got. */
export function Steps({ story: { steps, left } }: { readonly story: StoryJson }) {
  const now = Date.now();
  return (
    <>
      <ol class="steps">
        {steps.map(({ at, text, ok, tookMs }, index) => (
          <li key={index} class={ok === undefined ? '' : ok ? 'good' : 'bad'}>
            <time dateTime={at}>{formatWhen(Date.parse(at), now)}</time>
            <Icon name={ok === undefined ? 'dot' : ok ? 'check' : 'cross'} />
            <p>
              {ok === false && <span class="unseen">Wrong: </span>}
              {text}
            </p>
            <span class="took">{tookMs === undefined ? '' : formatSpan(tookMs)}</span>
          </li>
        ))}
      </ol>
      {left > 0 && <p class="muted">{formatMany(left, 'step')} had no room here; the log may have them.</p>}
    </>
  );
}
