/**
 * Everything long-running: a service under the supervisor.
 *
 * `run` serves until `signal` aborts and then resolves once it has drained; it rejects when the service cannot go on.
 * It calls `ready` once, when requests are answered. It may be run again after a failure.
 */
export type Task = {
  readonly name: string;
  run(context: TaskContext): Promise<void>;
  /** Called when somebody halts the service, so that nobody waits for it in vain. What it returns ends that. */
  rest?(): () => void;
};

export type TaskContext = {
  readonly signal: AbortSignal;
  /** `detail` is a line for people: what is served, and where. */
  ready(detail?: string): void;
};
