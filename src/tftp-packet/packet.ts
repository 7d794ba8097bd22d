/** Opcodes of RFC 1350 §5 and RFC 2347, as on the wire. */
export const OPCODE = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** Error codes of RFC 1350's appendix; `optionRefused` is RFC 2347's. */
export const ERROR_CODE = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTid: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const;

/** An option or its answer, in the order of the wire: name as sent, value as sent. */
export type TftpOption = readonly [name: string, value: string];

export type TftpMode = 'octet' | 'netascii';

/** A wish to read (`rrq`) or write (`wrq`) a file. Text is latin1: one character an octet. */
export type TftpRequest = {
  readonly opcode: 'rrq' | 'wrq';
  readonly filename: string;
  readonly mode: TftpMode;
  /** Names keep their case and repeats; compare them without case, the first of a name counts (RFC 2347). */
  readonly options: readonly TftpOption[];
  /** An option name without a value ended the request; the name was dropped. */
  readonly oddOptions?: true;
};

export type TftpData = { readonly opcode: 'data'; readonly block: number; readonly data: Uint8Array };
export type TftpAck = { readonly opcode: 'ack'; readonly block: number };
export type TftpError = { readonly opcode: 'error'; readonly code: number; readonly message: string };
export type TftpOack = { readonly opcode: 'oack'; readonly options: readonly TftpOption[] };

export type TftpPacket = TftpRequest | TftpData | TftpAck | TftpError | TftpOack;
