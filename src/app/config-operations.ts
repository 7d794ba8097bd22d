import { resolve } from 'node:path';
import { dataOf, type Edited, editText } from '../config/edit.ts';
import { type Difference, differences } from '../config/edit-diff.ts';
import { configSchema } from '../config/json-schema.ts';
import type {
  Applied,
  Checked,
  ConfigChanges,
  ConfigOperations,
  ConfigProblem,
  EditSession,
  SaveAsk,
  Saved,
  Staged,
} from '../server/control/config-routes.ts';
import { ControlError } from '../server/control/control-error.ts';
import { changesOf } from './config-changes.ts';
import { problemsIn } from './config-check.ts';
import {
  ConfigFileProblem,
  type ConfigText,
  NO_FILE,
  readConfigFile,
  whyNotWritable,
  writeConfigFile,
} from './config-file.ts';
import { createEditSessions, type Editing, editorOf } from './config-sessions.ts';
import { effectiveConfig } from './effective-config.ts';
import { needRestart, type ReloadOutcome } from './reload.ts';
import type { Setup, SetupResult } from './setup.ts';

export type ConfigIo = {
  /** As it was named on the command line; undefined where pxed was started without one. */
  readonly file: string | undefined;
  /** The file joined with the command line; with `text` in the place of what it says. */
  readonly read: (text?: string) => SetupResult;
  /** What is in force. */
  readonly setup: () => Setup;
  /** Throws what would keep a setup from being put in force. */
  readonly check: (setup: Setup) => void;
  /** Reads the file again, and puts it in force. */
  readonly reload: () => ReloadOutcome;
  /** Ms since 1970. */
  readonly now: () => number;
  /** May a file that is not there be made? */
  readonly mayCreate?: boolean;
};

/** Texts whose readers can be told what was changed meanwhile. */
const REMEMBERED = 8;

/** The configuration of a running pxed: seen, tried, changed, saved and put in force. */
export function createConfigOperations(io: ConfigIo): ConfigOperations {
  const sessions = createEditSessions(io.now);
  const file = io.file === undefined ? undefined : resolve(io.file);
  const seen = new Map<string, string>();

  function remember(read: ConfigText): ConfigText {
    seen.delete(read.etag);
    seen.set(read.etag, read.text);
    const [oldest] = seen.keys();
    if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
    return read;
  }

  function named(): string {
    if (file !== undefined) return file;
    const message =
      'pxed was started without a configuration file: there is nothing to save into. Start it with --config FILE';
    throw new ControlError(409, 'no-file', message);
  }

  function current(): ConfigText {
    try {
      return remember(readConfigFile(named()));
    } catch (error) {
      const isMissing = error instanceof ConfigFileProblem && error.code === 'missing';
      if (isMissing && io.mayCreate) return { path: named(), text: '', etag: NO_FILE };
      throw asControlError(error);
    }
  }

  function edited({ text }: ConfigText, changes: ConfigChanges): Draft {
    const result = editText(changes.text ?? text, changesOf(changes));
    if (result.ok) return { text: result.text, changed: changedIn(text, changes.text, result) };
    const problem: ConfigProblem = {
      file: named(),
      message: result.message,
      ...(result.path !== undefined && { path: result.path }),
    };
    throw new ControlError(422, 'cannot-edit', `${result.path ? `${result.path}: ` : ''}${result.message}`, {
      problems: [problem],
    });
  }

  function tried({ text, changed }: Draft): Checked {
    const { problems, setup } = problemsIn(named(), text, io);
    return {
      problems,
      changed,
      needsRestart: setup ? needRestart(io.setup(), setup) : [],
      text,
    };
  }

  function put(before: ConfigText, draft: Draft, apply: boolean): Saved {
    const { text } = draft;
    const { problems, changed } = tried(draft);
    if (problems.length > 0) {
      const message = 'nothing was changed: the configuration would have mistakes';
      throw new ControlError(422, 'config-problems', message, { problems });
    }
    const path = named();
    const after = text === before.text ? before : write(path, text, before.etag);
    const saved = after !== before;
    const outcome = apply ? outcomeOf(io.reload()) : { applied: false, needsRestart: [], problems: [] };
    if (saved && outcome.problems.length > 0) {
      // It was tried before: what keeps it from being put in force happened since.
      write(path, before.text, after.etag);
      throw new ControlError(422, 'not-applied', outcome.problems.join('; '), {
        problems: outcome.problems.map((message) => ({ file: path, message })),
      });
    }
    return { file: path, etag: after.etag, saved, changed, ...outcome };
  }

  function write(path: string, text: string, etag: string): ConfigText {
    try {
      return remember(writeConfigFile(path, text, etag));
    } catch (error) {
      throw asControlError(error);
    }
  }

  /** Nothing is put over what somebody else wrote. */
  function unchangedSince(etag: string | undefined): ConfigText {
    const now = current();
    if (etag === undefined || etag === now.etag) return now;
    const before = seen.get(etag);
    const changed = before === undefined ? undefined : differences(dataOf(before), dataOf(now.text));
    const what = changed && changed.length > 0 ? `: ${changed.map(({ path }) => path).join(', ')}` : '';
    throw new ControlError(409, 'changed', `Somebody changed the configuration since it was read${what}`, {
      etag: now.etag,
      ...(changed && { changed }),
    });
  }

  function sessionOf(editing: Editing): EditSession {
    return { id: editing.id, etag: editing.base.etag, ...editorOf(editing) };
  }

  function stagedOf(editing: Editing): Staged {
    return { ...sessionOf(editing), ...tried(draftOf(editing)) };
  }

  return {
    view() {
      const read = file === undefined ? undefined : readable(() => remember(readConfigFile(file)));
      const text = typeof read === 'object' ? read.text : undefined;
      const isChanged = file !== undefined && text !== undefined && text !== io.setup().text;
      // What is in force was checked, and a large one takes its time.
      const result = isChanged ? problemsIn(file, text, io) : undefined;
      const problems =
        typeof read === 'string' ? [{ file: file ?? '', message: read }] : (result?.problems ?? []);
      const setup = io.setup();
      const restart = result?.setup ? needRestart(setup, result.setup) : [];
      const why = file === undefined ? 'pxed was started without a configuration file' : whyNotWritable(file);
      const editor = sessions.current();
      return {
        ...(file !== undefined && { file }),
        ...(text !== undefined && { text }),
        etag: typeof read === 'object' ? read.etag : NO_FILE,
        writable: why === undefined,
        ...(why !== undefined && { whyNotWritable: why }),
        problems,
        needsRestart: restart,
        inForce: problems.length === 0 && restart.length === 0 && (text === undefined || text === setup.text),
        effective: effectiveConfig(setup.text, setup),
        ...(editor && { editor: editorOf(editor) }),
      };
    },
    schema: () => ({ ...configSchema() }),
    check: (changes) => {
      const before = current();
      return tried(edited(before, changes));
    },
    save(ask: SaveAsk) {
      if (ask.text !== undefined && ask.ifMatch === undefined) {
        const message = 'A whole text needs ifMatch: the etag of the text that it was made from';
        throw new ControlError(400, 'if-match-needed', message);
      }
      if (!ask.force) sessions.admit(ask.session);
      const before = unchangedSince(ask.ifMatch);
      return put(before, edited(before, ask), ask.apply ?? true);
    },
    apply: () => outcomeOf(io.reload()),
    begin: (user, takeOver) => sessionOf(sessions.begin(user, current(), takeOver)),
    staged: (id) => stagedOf(sessions.use(id)),
    stage(id, changes) {
      const editing = sessions.use(id);
      editing.text = edited({ ...editing.base, text: editing.text }, changes).text;
      return stagedOf(editing);
    },
    saveStaged(id, apply) {
      const editing = sessions.use(id);
      const saved = put(unchangedSince(editing.base.etag), draftOf(editing), apply);
      sessions.end(id);
      return saved;
    },
    end: (id) => sessions.end(id),
  };
}

/** A text that may become the file's, and what it says else. */
type Draft = { readonly text: string; readonly changed: Difference[] };

function draftOf({ base, text }: Editing): Draft {
  return { text, changed: differences(dataOf(base.text), dataOf(text)) };
}

/** What an edit came to, from what it knows; a whole new text is read. */
function changedIn(text: string, whole: string | undefined, edited: Edited & { ok: true }): Difference[] {
  if (whole === undefined) return differences(edited.before, edited.after);
  return differences(dataOf(text), edited.after ?? dataOf(whole));
}

function outcomeOf(outcome: ReloadOutcome): Applied {
  if (outcome.applied) {
    const { warnings } = outcome;
    return {
      ...{ applied: true, needsRestart: [], problems: [] },
      ...(warnings.length > 0 && { warnings: [...warnings] }),
    };
  }
  return { applied: false, needsRestart: [...outcome.needsRestart], problems: [...outcome.problems] };
}

function readable(read: () => ConfigText): ConfigText | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigFileProblem) return error.message;
    throw error;
  }
}

const STATUS = {
  missing: 404,
  unreadable: 403,
  'not-writable': 403,
  changed: 409,
  busy: 409,
  failed: 503,
} as const;

function asControlError(error: unknown): unknown {
  if (!(error instanceof ConfigFileProblem)) return error;
  const fix =
    error.code === 'not-writable'
      ? '. pxectl config set writes it as whoever calls it: run that as the owner of the file'
      : '';
  return new ControlError(STATUS[error.code], error.code, `${error.message}${fix}`);
}
