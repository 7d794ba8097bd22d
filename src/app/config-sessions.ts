import { ControlError } from '../server/control/control-error.ts';
import type { ConfigText } from './config-file.ts';

/** Somebody edits the configuration, and has set this much. */
export type Editing = {
  readonly id: string;
  readonly who: string;
  readonly since: number;
  expiresAt: number;
  /** As it was read when the editing began. */
  readonly base: ConfigText;
  /** With what was set since. */
  text: string;
};

/** How long nothing may happen before an editing is over. */
export const EDITING_MS = 15 * 60_000;

/**
 * At most one editing at a time: who comes second is told of the first, and may take over. It is a matter of courtesy, not of
 * safety: nothing is overwritten that was changed since it was read, whoever did that.
 */
export function createEditSessions(now: () => number, newId: () => string = () => crypto.randomUUID()) {
  let current: Editing | undefined;

  function live(): Editing | undefined {
    if (current && current.expiresAt <= now()) current = undefined;
    return current;
  }

  return {
    current: live,
    begin(who: string, base: ConfigText, takeOver: boolean): Editing {
      const other = live();
      if (other && !takeOver) throw beingEdited(other);
      const since = now();
      const { text } = base;
      current = { id: newId(), who, since, expiresAt: since + EDITING_MS, base, text };
      return current;
    },
    /** The editing with this id, which lasts longer by that. Throws ControlError. */
    use(id: string): Editing {
      const editing = live();
      if (editing?.id !== id) {
        const message = 'This editing is over: it was saved, ended, taken over, or left alone for too long';
        throw new ControlError(404, 'no-such-editing', message);
      }
      editing.expiresAt = now() + EDITING_MS;
      return editing;
    },
    /** Throws ControlError when somebody else edits. */
    admit(id: string | undefined): void {
      const editing = live();
      if (editing && editing.id !== id) throw beingEdited(editing);
    },
    end(id: string): void {
      if (live()?.id === id) current = undefined;
    },
  };
}

export type EditSessions = ReturnType<typeof createEditSessions>;

function beingEdited(editing: Editing): ControlError {
  const { who, since, expiresAt } = editorOf(editing);
  const message = `${who} has been editing the configuration since ${since}; --force goes on all the same`;
  return new ControlError(409, 'being-edited', message, { who, since, expiresAt });
}

/** What others may know of an editing; not its id, which is its key. */
export function editorOf({ who, since, expiresAt }: Editing) {
  return { who, since: new Date(since).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
}
