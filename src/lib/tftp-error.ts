/** What went wrong, for programs and for people. */
export type TftpErrorOptions = ErrorOptions & {
  /** A stable kebab-case code: `not-found`, `outside-root`, `disk-full`, `timeout`… */
  readonly reason: string;
  /** Of the ERROR packet (RFC 1350), where there was one. */
  readonly code?: number;
};

/** What the library rejects with: the base of all errors of its own. */
export class TftpError extends Error {
  readonly reason: string;
  readonly code: number | undefined;

  constructor(message: string, { reason, code, ...options }: TftpErrorOptions) {
    super(message, options);
    this.name = 'TftpError';
    this.reason = reason;
    this.code = code;
  }
}

/** No file (or folder) of that name, or it lies outside of the root, which is not disclosed to clients. */
export class FileNotFound extends TftpError {
  constructor(message: string, options: Partial<TftpErrorOptions> = {}) {
    super(message, { reason: 'not-found', ...options });
    this.name = 'FileNotFound';
  }
}

/** Asked for what only a running server has. */
export class ServerNotRunning extends TftpError {
  constructor(
    message = 'The server does not run: start() it first',
    options: Partial<TftpErrorOptions> = {},
  ) {
    super(message, { reason: 'not-running', ...options });
    this.name = 'ServerNotRunning';
  }
}
