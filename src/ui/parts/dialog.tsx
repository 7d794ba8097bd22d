import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';
import { Problem } from './problem.tsx';

export type DialogProps = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
};

/** In front of everything, until it is closed; the browser keeps the focus inside. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      // It leaves the page without being closed: nobody else gives the focus back.
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={heading} onClose={onClose}>
      <h2 class="dialog-head" id={heading}>
        {title}
      </h2>
      <div class="dialog-body">{children}</div>
      {/* Behind the rest: what is first in it gets the focus, and that is the first field. */}
      <button type="button" class="btn bare dialog-close" onClick={onClose}>
        <Icon name="cross" />
        <span class="unseen">Close</span>
      </button>
    </dialog>
  );
}

export type AskProps = {
  readonly title: string;
  /** What the button says: what happens. */
  readonly verb: string;
  readonly dangerous?: boolean;
  readonly children?: ComponentChildren;
  /** Closes the dialog when it resolves; what it throws is shown there. */
  readonly onDo: () => Promise<unknown>;
  readonly onClose: () => void;
};

/** A question with one way to go on. Enter in one of its fields is that way. */
export function Ask({ title, verb, dangerous = false, children, onDo, onClose }: AskProps) {
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  async function go(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onDo();
      onClose();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void go(event)}>
        {children}
        {problem !== undefined && <Problem error={problem} />}
        <div class="dialog-ends">
          <button type="button" class="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={dangerous ? 'btn danger' : 'btn primary'} aria-disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
