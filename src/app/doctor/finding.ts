/** What the doctor says of one thing that it looked at. */
export type Finding = {
  /** Stable, kebab-case. */
  readonly code: string;
  /** `problem`: some machine will not boot. `unknown`: it could not be found out. */
  readonly severity: Severity;
  /** A sentence for people. */
  readonly text: string;
  /** What to do, where something is to be done. */
  readonly fix?: string;
};

export type Severity = 'ok' | 'warning' | 'problem' | 'unknown';

export function good(code: string, text: string): Finding {
  return { code, severity: 'ok', text };
}

export function warning(code: string, text: string, fix: string): Finding {
  return { code, severity: 'warning', text, fix };
}

export function problem(code: string, text: string, fix: string): Finding {
  return { code, severity: 'problem', text, fix };
}

export function unknown(code: string, text: string, fix?: string): Finding {
  return { code, severity: 'unknown', text, ...(fix !== undefined && { fix }) };
}
