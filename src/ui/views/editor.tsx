import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { byLine, countLines, spanOfLine, type TextProblem } from '../model/config-problems.ts';

/** Takes whoever writes to a line; made once, and told to the editor. */
export type Jump = { to: (line: number) => void };

export function createJump(): Jump {
  return { to: () => undefined };
}

export type EditorProps = {
  readonly text: string;
  readonly problems: readonly TextProblem[];
  readonly jump: Jump;
  readonly onText: (text: string) => void;
};

/** As in views.css. */
const LINE_PX = 20;
const PADDING_PX = 10;

/** A text with line numbers. Tab leaves it, as it leaves any other field: YAML wants blanks. */
export function Editor({ text, problems, jump, onText }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  const wrong = useMemo(() => byLine(problems), [problems]);
  const lines = countLines(text);

  const follow = () => {
    const top = area.current?.scrollTop ?? 0;
    if (gutter.current) gutter.current.scrollTop = top;
    if (marks.current) marks.current.style.transform = `translateY(${-top}px)`;
  };
  useLayoutEffect(follow);

  useLayoutEffect(() => {
    jump.to = (line) => {
      const field = area.current;
      if (!field) return;
      const { start, end } = spanOfLine(text, line);
      field.focus();
      field.setSelectionRange(start, end);
      field.scrollTop = (line - 1) * LINE_PX - field.clientHeight / 3;
      follow();
    };
  });

  return (
    <div class="editor">
      <div class="gutter" ref={gutter} aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => (
          <div key={index} class={wrong.has(index + 1) ? 'wrong' : ''}>
            {index + 1}
          </div>
        ))}
        <div />
      </div>
      <div class="editor-text">
        <div class="marks" aria-hidden="true">
          <div class="marks-inner" ref={marks}>
            {[...wrong.keys()].map((line) => (
              <div key={line} style={{ top: `${PADDING_PX + (line - 1) * LINE_PX}px` }} />
            ))}
          </div>
        </div>
        <textarea
          ref={area}
          aria-label="Configuration file"
          aria-invalid={wrong.size > 0}
          aria-describedby={problems.length > 0 ? 'config-problems' : undefined}
          value={text}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          wrap="off"
          onScroll={follow}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </div>
    </div>
  );
}
