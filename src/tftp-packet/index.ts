export type { DecodeOptions } from './decode.ts';
export { decode, decodeRequest, REQUEST_MAX } from './decode.ts';
export { encode, encodingLength } from './encode.ts';
export type {
  TftpAck,
  TftpData,
  TftpError,
  TftpMode,
  TftpOack,
  TftpOption,
  TftpPacket,
  TftpRequest,
} from './packet.ts';
export { ERROR_CODE, OPCODE } from './packet.ts';
export { peekNumber, peekOpcode, putDataHeader } from './peek.ts';
