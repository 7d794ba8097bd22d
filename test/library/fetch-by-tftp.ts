import { createSocket, type RemoteInfo } from 'node:dgram';

export type Fetched = { readonly octets?: string; readonly code?: number };

export type FetchOptions = {
  /** Uploads this instead. */
  readonly write?: string;
  /** Sends ERROR 3 (its disk is full) after the first block. */
  readonly giveUp?: boolean;
};

/** The smallest TFTP client there is (RFC 1350), of 127.0.0.1, and of nothing of ours: one file, no option, no repeat. */
export function fetchByTftp(port: number, file: string, options: FetchOptions = {}): Promise<Fetched> {
  const socket = createSocket('udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>();
  const limit = setTimeout(() => reject(new Error(`no answer for ${file}`)), 20_000);
  const blocks: Buffer[] = [];
  const send = (from: RemoteInfo, ...words: number[]) => {
    socket.send(Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff])), from.port, from.address);
  };
  socket.on('message', (message, from) => {
    const opcode = message.readUInt16BE(0);
    const block = message.readUInt16BE(2);
    if (opcode === 5) return resolve({ code: block });
    if (opcode === 4 && options.write !== undefined) {
      if (block === 1) return resolve({ octets: options.write });
      const data = Buffer.concat([Buffer.from([0, 3, 0, 1]), Buffer.from(options.write)]);
      return socket.send(data, from.port, from.address);
    }
    if (options.giveUp) {
      socket.send(Buffer.from([0, 5, 0, 3, 0x6e, 0x6f, 0]), from.port, from.address, () => resolve({}));
      return;
    }
    if (block === blocks.length + 1) blocks.push(message.subarray(4));
    send(from, 4, block);
    if (message.length < 516) resolve({ octets: Buffer.concat(blocks).toString() });
  });
  const opcode = options.write === undefined ? 1 : 2;
  socket.send(Buffer.concat([Buffer.from([0, opcode]), Buffer.from(`${file}\0octet\0`)]), port, '127.0.0.1');
  return promise.finally(() => {
    clearTimeout(limit);
    socket.close();
  });
}
