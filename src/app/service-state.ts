/**
 * What a service does:
 *
 *     starting    -> running        requests are answered
 *     running     -> stopping       somebody asked it to halt, or all to stop: transfers may finish
 *     stopping    -> halted         it rests until it is started
 *     starting, running -> backing-off   it failed, and is tried again after a pause
 *     backing-off -> starting
 *     any         -> failed         it failed again and again: pxed ends
 */
export type ServicePhase = 'starting' | 'running' | 'stopping' | 'halted' | 'backing-off' | 'failed';

/** One task as the supervisor sees it; times in ms since 1970. */
export type ServiceState = {
  readonly name: string;
  readonly phase: ServicePhase;
  /** Since when it is in this phase. */
  readonly since: number;
  /** How often it was started again after a failure; what somebody asks for is not counted. */
  readonly restarts: number;
  readonly lastError?: string;
  /** What it serves and where, as the task said. */
  readonly detail?: string;
};

/** What `start`, `stop` and `restart` came to: `changed` is false when it was so already. */
export type ServiceChange = { readonly changed: boolean; readonly states: readonly ServiceState[] };
