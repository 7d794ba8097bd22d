/** What the HTTP server is told. */
export type HttpSettings = {
  /** Absolute. */
  readonly root: string;
  /** As TFTP: another case of a name is found where the exact one is missing. */
  readonly ignoreCase: boolean;
};

/** What a client may cost. Numbers of README's limits. */
export type HttpLimits = {
  /** Connections at once, three quarters of them of one address; one more is closed. */
  readonly connections: number;
  /** For a whole request, from its first octet: who sends one octet a second gets nowhere. */
  readonly requestMs: number;
  /** Between two requests of a connection, or before the first. */
  readonly idleMs: number;
  /** Without an octet taken by a client that is being sent a file: firmware may be busy with what it has. */
  readonly stalledMs: number;
  /** Of a request's headers. lpxelinux sends what it knows of the machine as cookies. */
  readonly headerOctets: number;
  /** Of a report that is posted; it is not looked at. */
  readonly bodyOctets: number;
  /** Requests of one connection that wait for the ones before them. */
  readonly pipelined: number;
  /** Octets of files in memory on their way out, of all clients together. */
  readonly bufferedOctets: number;
};

export const HTTP_LIMITS: HttpLimits = {
  connections: 4096,
  requestMs: 20_000,
  idleMs: 15_000,
  stalledMs: 60_000,
  headerOctets: 16_384,
  bodyOctets: 65_536,
  pipelined: 64,
  bufferedOctets: 64 * 1024 * 1024,
};
