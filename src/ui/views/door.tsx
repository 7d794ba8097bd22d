import { useId, useState } from 'preact/hooks';
import { useConsole } from '../console.ts';
import { Problem } from '../parts/problem.tsx';

/** What is seen before anybody is known: nothing but the question for the token. */
export function Door() {
  const { session, begin } = useConsole();
  return (
    <main class="door">
      {session.value.state === 'asking' && <p class="muted">Asking pxed…</p>}
      {session.value.state === 'unreachable' && (
        <div class="door-card">
          <h1>pxed does not answer</h1>
          <p>It was stopped, or there is no way to it from here.</p>
          <button type="button" class="btn primary" onClick={() => void begin()}>
            Try again
          </button>
        </div>
      )}
      {session.value.state === 'out' && <SignIn />}
    </main>
  );
}

function SignIn() {
  const { signIn } = useConsole();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  async function go(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(token.trim());
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }
  return (
    <form class="door-card" onSubmit={(event) => void go(event)}>
      <h1>pxed</h1>
      <p>Network boot for this network.</p>
      <div class="field">
        <label for={id}>Token</label>
        <input
          id={id}
          type="password"
          class="mono"
          value={token}
          required
          autocomplete="current-password"
          aria-describedby={`${id}-hint`}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <p class="hint" id={`${id}-hint`}>
          It stands in the file that <code>control.token-file</code> of the configuration names.
        </p>
      </div>
      {problem !== undefined && (
        <div class="field">
          <Problem error={problem} />
        </div>
      )}
      <button type="submit" class="btn primary" aria-disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}
