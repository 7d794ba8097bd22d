import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export type Loaded<T> = {
  /** The newest good answer; stays while it is asked again. */
  readonly data: T | undefined;
  readonly problem: unknown;
  readonly isLoading: boolean;
  readonly reload: () => Promise<void>;
};

/** Asks once for each `key`, and whenever `reload` is called. An answer to an older question is dropped. */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T; problem?: unknown; isLoading: boolean }>({
    key,
    isLoading: true,
  });
  const question = useRef(0);
  const ask = useRef(load);
  ask.current = load;
  const reload = useCallback(async () => {
    const number = ++question.current;
    const isNewest = () => number === question.current;
    setState((before) => ({ ...(before.key === key ? before : { key }), isLoading: true }));
    try {
      const data = await ask.current();
      if (isNewest()) setState({ key, data, isLoading: false });
    } catch (problem) {
      if (isNewest()) setState((before) => ({ ...before, key, problem, isLoading: false }));
    }
  }, [key]);
  useEffect(() => {
    void reload();
    return () => {
      question.current++;
    };
  }, [reload]);
  const isOfKey = state.key === key;
  return {
    data: isOfKey ? state.data : undefined,
    problem: isOfKey ? state.problem : undefined,
    isLoading: state.isLoading,
    reload,
  };
}
