import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Api, ApiProblem, createApi } from './api/api.ts';
import { createLive, type Live } from './api/live.ts';
import type { SessionAnswer } from './api/shapes.ts';
import { createNotices, type Notices } from './notices.ts';
import { createUploader, type Uploader } from './uploader.ts';

/** `asking`: not known yet; `unreachable`: nobody answers; `out`: the token is wanted. */
export type Session =
  | { readonly state: 'asking' | 'unreachable' | 'out' }
  | ({ readonly state: 'in' } & SessionAnswer);

/** All that views share. */
export type Console = {
  readonly api: Api;
  readonly live: Live;
  readonly notices: Notices;
  readonly uploader: Uploader;
  /** A configuration that was changed and not saved; views come and go. */
  readonly draft: Signal<{ readonly text: string; readonly etag: string } | undefined>;
  readonly session: ReadonlySignal<Session>;
  /** Asks who we are; at the start, and after a connection was lost. */
  begin(): Promise<void>;
  /** Throws ApiProblem: the token is wrong, or too many were. */
  signIn(token: string): Promise<void>;
  signOut(): Promise<void>;
  isSignedIn(): Promise<boolean>;
};

export function createConsole(): Console {
  const session = signal<Session>({ state: 'asking' });
  const api = createApi({
    csrf: () => (session.peek().state === 'in' ? (session.peek() as SessionAnswer).csrf : undefined),
    onSignedOut: leave,
  });
  const live = createLive({ api, isSignedIn });

  function enter(answer: SessionAnswer): void {
    session.value = { state: 'in', ...answer };
    live.start();
  }

  function leave(): void {
    live.stop();
    session.value = { state: 'out' };
  }

  async function isSignedIn(): Promise<boolean> {
    try {
      session.value = { state: 'in', ...(await api.get<SessionAnswer>('session')) };
      return true;
    } catch (error) {
      // Whoever does not answer may come back with the same session.
      return !(error instanceof ApiProblem && error.status === 401);
    }
  }

  return {
    ...{ api, live, session, isSignedIn },
    uploader: createUploader(api),
    draft: signal(undefined),
    notices: createNotices((run, ms) => void window.setTimeout(run, ms)),
    async begin() {
      session.value = { state: 'asking' };
      try {
        enter(await api.get<SessionAnswer>('session'));
      } catch {
        if (session.peek().state === 'asking') session.value = { state: 'unreachable' };
      }
    },
    async signIn(token) {
      enter(await api.send<SessionAnswer>('POST', 'login', { token }));
    },
    async signOut() {
      try {
        await api.send('POST', 'logout');
      } finally {
        leave();
      }
    },
  };
}

export const ConsoleContext = createContext<Console | undefined>(undefined);

export function useConsole(): Console {
  const console = useContext(ConsoleContext);
  if (!console) throw new Error('Cannot draw a view outside of the console');
  return console;
}
