import { dataOf, editText } from '../config/edit.ts';
import { type Difference, differences } from '../config/edit-diff.ts';
import { loadConfig } from '../config/load.ts';
import type {
  Applied,
  Checked,
  ConfigView,
  EditSession,
  SaveAsk,
  Saved,
} from '../server/control/config-routes.ts';
import { ARCH_NAMES } from './arch-names.ts';
import { changesOf } from './config-changes.ts';
import {
  ConfigFileProblem,
  type ConfigText,
  NO_FILE,
  readConfigFile,
  whyNotWritable,
  writeConfigFile,
} from './config-file.ts';
import type { ConfigPlace } from './config-place.ts';
import { asked } from './control-asked.ts';
import { type ControlClient, ControlProblem } from './control-client.ts';
import { whyLeadable } from './root-path.ts';

const CONFIG = '/api/v1/config';

/**
 * The configuration of a pxed that runs. It has become somebody who may write next to nothing, and as a rule not its configuration:
 * so whoever calls pxectl writes it himself where he may, and pxed is told. Else pxed is asked to write it.
 *
 * Which file that is says pxed. Root takes its word only where nobody but root could have the path lead elsewhere: whoever broke into
 * pxed must not get root to write a file of his choice.
 */
export function liveConfigPlace(client: ControlClient): ConfigPlace {
  const view = async () => (await client.get(CONFIG)) as ConfigView;
  return {
    view: async () => withOwnText(await view()),
    check: async (changes) => (await client.send('POST', `${CONFIG}/check`, changes)) as Checked,
    async save(ask) {
      const seen = await view();
      const own = ownFile(seen);
      const why = own && whyNotAsRoot(own);
      if (own && why === undefined) return saveHere(client, { seen, own, ask });
      return saveThere(client, ask, why);
    },
    begin: (takeOver) => begun(client, takeOver),
    live: true,
  };
}

/** The file that pxed means, if this process sees the same one and may write it: pxed may live in a container. */
function ownFile({ file, etag }: ConfigView): ConfigText | undefined {
  if (file === undefined || whyNotWritable(file) !== undefined) return undefined;
  try {
    const own = readConfigFile(file);
    return etag === own.etag || etag === NO_FILE ? own : undefined;
  } catch (error) {
    if (error instanceof ConfigFileProblem) return undefined;
    throw error;
  }
}

function whyNotAsRoot({ path }: ConfigText): string | undefined {
  return process.geteuid?.() === 0 ? whyLeadable(path) : undefined;
}

/** `why` this process does not write it itself, where it could. */
async function saveThere(client: ControlClient, ask: SaveAsk, why: string | undefined): Promise<Saved> {
  try {
    return (await client.send('PUT', CONFIG, ask)) as Saved;
  } catch (error) {
    if (why === undefined || !(error instanceof ControlProblem) || error.code !== 'not-writable') throw error;
    const message =
      `pxed may not write its configuration, and root does not write what pxed names there: ${why}. ` +
      'Name the file with -c, then pxectl reload; or put it where root alone can write';
    throw new ControlProblem('not-writable', message, { status: 403, cause: error });
  }
}

/** What pxed may not read, whoever calls pxectl may be able to. */
function withOwnText(view: ConfigView): ConfigView {
  if (view.text !== undefined || view.file === undefined) return view;
  try {
    const { text, etag } = readConfigFile(view.file);
    return { ...view, text, etag };
  } catch (error) {
    if (error instanceof ConfigFileProblem) return view;
    throw error;
  }
}

type Saving = { readonly seen: ConfigView; readonly own: ConfigText; readonly ask: SaveAsk };

async function saveHere(client: ControlClient, { seen, own, ask }: Saving): Promise<Saved> {
  if (ask.ifMatch !== undefined && ask.ifMatch !== own.etag) {
    // pxed knows more of what was changed meanwhile, and refuses it.
    return (await client.send('PUT', CONFIG, ask)) as Saved;
  }
  const file = seen.file ?? own.path;
  const { text, changed } = await asked(() => edited(own, ask));
  refuseMistakes(file, text);
  const isRead = seen.text !== undefined;
  const isAdmitted = !isRead || (await isOpen(client, ask.session));
  const editing = isAdmitted ? undefined : await begun(client, ask.force ?? false);
  try {
    if (isRead) await refuseProblems(client, text);
    const after = text === own.text ? own : written(own.path, text, own.etag);
    const outcome =
      ask.apply === false ? UNAPPLIED : ((await client.send('POST', `${CONFIG}/apply`)) as Applied);
    if (outcome.problems.length > 0 && isRead && after !== own) {
      written(own.path, own.text, after.etag);
      throw new ControlProblem('not-applied', outcome.problems.join('; '), { status: 422 });
    }
    return { file, etag: after.etag, saved: after !== own, changed, ...outcome };
  } finally {
    await editing?.end();
  }
}

const UNAPPLIED: Applied = { applied: false, needsRestart: [], problems: [] };

function edited(
  { text }: ConfigText,
  ask: SaveAsk,
): { readonly text: string; readonly changed: Difference[] } {
  const result = editText(ask.text ?? text, changesOf(ask));
  if (result.ok) return { text: result.text, changed: differences(dataOf(text), dataOf(result.text)) };
  throw new ControlProblem('cannot-edit', `${result.path ? `${result.path}: ` : ''}${result.message}`, {
    status: 422,
  });
}

/** Nobody else edits, and is told if he begins to. */
async function begun(client: ControlClient, takeOver: boolean): ReturnType<ConfigPlace['begin']> {
  const { id } = (await client.send('POST', `${CONFIG}/edit`, { takeOver })) as EditSession;
  return { id, end: async () => void (await client.send('DELETE', `${CONFIG}/edit/${id}`)) };
}

/** Does the editing that somebody began go on, so that nobody else edits? */
async function isOpen(client: ControlClient, session: string | undefined): Promise<boolean> {
  if (session === undefined) return false;
  try {
    await client.get(`${CONFIG}/edit/${session}`);
    return true;
  } catch (error) {
    if (error instanceof ControlProblem && error.code === 'no-such-editing') return false;
    throw error;
  }
}

/** Also of what only says that it is pxed's: nothing is written that is no configuration. */
function refuseMistakes(file: string, text: string): void {
  const loaded = loadConfig(text, { file, archNames: ARCH_NAMES });
  if (!loaded.ok) throw mistaken(loaded.problems);
}

function mistaken(problems: readonly unknown[]): ControlProblem {
  const message = 'nothing was changed: the configuration would have mistakes';
  return new ControlProblem('config-problems', message, { status: 422, details: { problems } });
}

async function refuseProblems(client: ControlClient, text: string): Promise<void> {
  const { problems } = (await client.send('POST', `${CONFIG}/check`, { text })) as Checked;
  if (problems.length > 0) throw mistaken(problems);
}

function written(file: string, text: string, etag: string): ConfigText {
  try {
    return writeConfigFile(file, text, etag);
  } catch (error) {
    if (!(error instanceof ConfigFileProblem)) throw error;
    throw new ControlProblem(error.code, error.message, { cause: error });
  }
}
