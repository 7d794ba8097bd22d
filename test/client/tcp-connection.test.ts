import { describe, expect, test } from 'vitest';
import { createTcpConnection, type TcpConnection } from '../../src/client/tcp-connection.ts';
import { TCP_FLAG, type TcpSegment } from '../../src/frame/tcp.ts';
import { latin1Encode } from '../../src/lib/bytes.ts';

const { syn, ack, rst } = TCP_FLAG;

function connect(): TcpConnection {
  return createTcpConnection(
    { fromPort: 33_000, toPort: 80, sequence: 1000, question: latin1Encode('hello'), onBytes: () => {} },
    0,
  );
}

function said(connection: TcpConnection, now: number): TcpSegment[] {
  const out: TcpSegment[] = [];
  for (let next = connection.poll(now); next; next = connection.poll(now)) out.push(next);
  return out;
}

const fromServer = (fields: Partial<TcpSegment>): TcpSegment => ({
  ...{ fromPort: 80, toPort: 33_000, sequence: 5000, acknowledgment: 1001, flags: ack, window: 9000 },
  payload: new Uint8Array(0),
  ...fields,
});

describe('createTcpConnection()', () => {
  test('resets what the server still holds of another boot, and asks again', () => {
    const connection = connect();
    said(connection, 0);
    connection.receive(fromServer({ acknowledgment: 777 }), 1);
    expect(said(connection, 1)).toMatchObject([{ flags: rst, sequence: 777, acknowledgment: 0 }]);
    expect(said(connection, 500)).toMatchObject([{ flags: syn, sequence: 1000 }]);
    connection.receive(fromServer({ flags: syn | ack }), 501);
    expect(said(connection, 501)).toMatchObject([{ sequence: 1001, acknowledgment: 5001 }]);
  });

  test('resets nothing because of a reset', () => {
    const connection = connect();
    said(connection, 0);
    connection.receive(fromServer({ acknowledgment: 777, flags: rst | ack }), 1);
    expect(said(connection, 1)).toEqual([]);
    expect(connection.end()).toBeUndefined();
  });

  test.each<[string, (connection: TcpConnection) => void, string]>([
    ['closed', (connection) => connection.close(), 'closed'],
    ['silent for long', () => {}, 'timeout'],
  ])('tells the server when it is %s in the middle', (_, stop, end) => {
    const connection = connect();
    said(connection, 0);
    connection.receive(fromServer({ flags: syn | ack }), 1);
    said(connection, 1);
    connection.receive(fromServer({ sequence: 5001, acknowledgment: 1006, payload: latin1Encode('ab') }), 2);
    said(connection, 2);
    stop(connection);
    expect(said(connection, 20_000)).toMatchObject([
      { flags: rst | ack, sequence: 1006, acknowledgment: 5003 },
    ]);
    expect(connection.end()).toBe(end);
    expect(connection.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('resets nothing where there was no connection', () => {
    const connection = connect();
    said(connection, 0);
    connection.close();
    expect(said(connection, 1)).toEqual([]);
  });
});
