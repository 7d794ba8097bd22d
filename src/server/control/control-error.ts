/** The answers that are no 2xx, and what they mean here. */
export type ControlStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503;

/**
 * Why a request of the control API is not done, thrown by whoever is asked: `code` is a stable kebab-case word for programs,
 * the message one sentence for people, `details` what else helps.
 *
 *     throw new ControlError(404, 'no-such-lease', '10.0.0.7 has no lease');
 */
export class ControlError extends Error {
  readonly status: ControlStatus;
  readonly code: string;
  readonly details: unknown;

  constructor(status: ControlStatus, code: string, message: string, details?: unknown) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** The body that goes with every answer that is no 2xx. */
export type ErrorBody = {
  readonly error: { readonly code: string; readonly message: string; readonly details?: unknown };
};

export function errorBody({ code, message, details }: Omit<ControlError, 'name' | 'status'>): ErrorBody {
  return { error: { code, message, ...(details !== undefined && { details }) } };
}
