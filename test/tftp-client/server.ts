import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  decode,
  encode,
  type TftpOption,
  type TftpPacket,
  type TftpRequest,
} from '../../src/tftp-packet/index.ts';

/** What a server of the tests does otherwise than it should. */
export type Quirks = {
  /** Takes no notice of options, as servers of 1350. */
  readonly noOptions?: boolean;
  /** Answers any option with this ERROR. */
  readonly refusesOptions?: number;
  /** Answers a block size above this with ERROR 8. */
  readonly mostBlksize?: number;
  /** Puts this into its OACK, asked or not. */
  readonly oack?: readonly TftpOption[];
  /** Says nothing after so many blocks. */
  readonly silentAfter?: number;
  /** Sends a block from another port in between. */
  readonly stranger?: boolean;
  /** Answers with an ERROR. */
  readonly error?: { readonly code: number; readonly message: string };
  /** Gets no block that is larger: a hop on the way drops it. */
  readonly mostArrives?: number;
  /** Announces a size that is not the file's. */
  readonly wrongSize?: number;
};

export type TestServer = {
  readonly port: number;
  readonly files: Map<string, Uint8Array>;
  /** Requests as they came. */
  readonly asked: TftpRequest[];
  /** ERROR packets that clients sent: `5 Unknown transfer ID`. */
  readonly told: string[];
  close(): void;
};

/** A TFTP server of the smallest kind on 127.0.0.1 (or ::1): correct, but for its quirks. Loopback loses nothing. */
export async function startTestServer(quirks: Quirks = {}, address = '127.0.0.1'): Promise<TestServer> {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const files = new Map<string, Uint8Array>();
  const asked: TftpRequest[] = [];
  const told: string[] = [];
  const sockets: Socket[] = [];

  async function open(): Promise<Socket> {
    const socket = createSocket(type);
    sockets.push(socket);
    socket.bind(0, address);
    await once(socket, 'listening');
    return socket;
  }

  const well = await open();
  well.on('message', (bytes, client) => {
    const packet = decode(bytes);
    if (!packet.ok || (packet.value.opcode !== 'rrq' && packet.value.opcode !== 'wrq')) return;
    asked.push(packet.value);
    void begin(packet.value, client);
  });

  async function begin(request: TftpRequest, client: RemoteInfo): Promise<void> {
    const socket = await open();
    const say = (packet: TftpPacket) => socket.send(encode(packet), client.port, client.address);
    const refusal = refusalOf(request);
    if (refusal) return say({ opcode: 'error', ...refusal });
    const content = files.get(request.filename);
    if (request.opcode === 'rrq' && content === undefined) {
      return say({ opcode: 'error', code: 1, message: 'File not found' });
    }
    const granted = grant(request, content?.length ?? 0);
    if (request.opcode === 'rrq') serve(socket, { say, granted, content: content!, client });
    else take(socket, { say, granted, name: request.filename });
  }

  function refusalOf({ options }: TftpRequest): { code: number; message: string } | undefined {
    if (quirks.error) return quirks.error;
    const blksize = Number(options.find(([name]) => name === 'blksize')?.[1] ?? 512);
    if (quirks.mostBlksize !== undefined && blksize > quirks.mostBlksize)
      return { code: 8, message: 'blksize' };
    if (quirks.refusesOptions === undefined || options.length === 0) return undefined;
    return { code: quirks.refusesOptions, message: 'no options' };
  }

  function grant({ options, opcode }: TftpRequest, size: number): readonly TftpOption[] {
    if (quirks.noOptions) return [];
    if (quirks.oack && options.length > 0) return quirks.oack;
    return options.map(([name, value]) =>
      name === 'tsize' && opcode === 'rrq' ? [name, String(quirks.wrongSize ?? size)] : [name, value],
    );
  }

  type Way = { say(packet: TftpPacket): void; granted: readonly TftpOption[] };
  type Read = Way & { content: Uint8Array; client: RemoteInfo };

  function serve(socket: Socket, { say, granted, content, client }: Read): void {
    const { blksize, windowsize } = termsOf(granted);
    const last = Math.floor(content.length / blksize) + 1;
    let acked = 0;
    let strangers = 0;

    function window(): void {
      for (let block = acked + 1; block <= Math.min(acked + windowsize, last); block++) {
        if (block > (quirks.silentAfter ?? Number.POSITIVE_INFINITY)) return;
        const data = content.subarray((block - 1) * blksize, block * blksize);
        say({ opcode: 'data', block: block & 0xffff, data });
      }
    }

    socket.on('message', (bytes) => {
      const packet = decode(bytes);
      note(bytes);
      if (!packet.ok || packet.value.opcode !== 'ack') return;
      const ahead = (packet.value.block - acked) & 0xffff;
      if (ahead > windowsize) return; // of the past
      acked += ahead;
      if (quirks.stranger && strangers++ === 0) void intrude(client);
      if (acked < last) window();
    });
    if (granted.length > 0) say({ opcode: 'oack', options: granted });
    else window();
  }

  async function intrude(client: RemoteInfo): Promise<void> {
    const other = await open();
    other.on('message', (bytes) => note(bytes));
    other.send(encode({ opcode: 'data', block: 1, data: new Uint8Array(9) }), client.port, client.address);
  }

  function take(socket: Socket, { say, granted, name }: Way & { name: string }): void {
    const { blksize, windowsize } = termsOf(granted);
    const parts: Uint8Array[] = [];
    let ended = false;
    socket.on('message', (bytes) => {
      const packet = decode(bytes);
      note(bytes);
      if (
        !packet.ok ||
        packet.value.opcode !== 'data' ||
        packet.value.block !== ((parts.length + 1) & 0xffff)
      )
        return;
      if (packet.value.data.length > (quirks.mostArrives ?? Number.POSITIVE_INFINITY)) return;
      if (parts.length >= (quirks.silentAfter ?? Number.POSITIVE_INFINITY)) return;
      parts.push(packet.value.data.slice());
      ended = packet.value.data.length < blksize;
      if (ended) files.set(name, Buffer.concat(parts));
      if (ended || parts.length % windowsize === 0) say({ opcode: 'ack', block: parts.length & 0xffff });
    });
    if (granted.length > 0) say({ opcode: 'oack', options: granted });
    else say({ opcode: 'ack', block: 0 });
  }

  function note(bytes: Uint8Array): void {
    const packet = decode(bytes);
    if (packet.ok && packet.value.opcode === 'error')
      told.push(`${packet.value.code} ${packet.value.message}`);
  }

  return {
    port: well.address().port,
    files,
    asked,
    told,
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}

function termsOf(granted: readonly TftpOption[]): { blksize: number; windowsize: number } {
  const value = (name: string, otherwise: number) =>
    Number(granted.find(([each]) => each === name)?.[1] ?? otherwise);
  return { blksize: value('blksize', 512), windowsize: value('windowsize', 1) };
}
