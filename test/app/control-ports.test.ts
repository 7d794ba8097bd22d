import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import { openControlPorts, readToken } from '../../src/app/control-ports.ts';
import { defaultConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { portableTcp } from '../../src/net/portable-tcp.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-ports-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const network = { tcp: portableTcp() };

function configOf(control: Partial<Config['control']>): Config {
  const config = defaultConfig();
  return { ...config, control: { ...config.control, ...control } };
}

function tokenFile(text: string, mode = 0o600): string {
  const file = join(folder, 'token');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

/** A port that nobody has just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('openControlPorts() opens nothing where nothing is wanted', async () => {
  expect(
    await openControlPorts(network, { tool: 'pxed', config: configOf({ socket: false }) }),
  ).toBeUndefined();
  expect(await openControlPorts(network, { tool: 'ptftpd', config: configOf({}) })).toBeUndefined();
});

test('openControlPorts() lets those who come early wait, and tells who is local', async () => {
  const socket = join(folder, 's');
  const port = await freePort();
  const config = configOf({
    socket,
    listen: [{ address: 0x7f00_0001, port }],
    'token-file': tokenFile('0123456789abcdef\n'),
  });
  const ports = await openControlPorts(network, { tool: 'ptftpd', config });
  expect(ports).toMatchObject({ socket, listening: [`127.0.0.1:${port}`], token: '0123456789abcdef' });
  const early = createControlClient({ socket }).get('/');
  ports!.serve(async () => (request, response) => {
    response.end(JSON.stringify({ local: ports!.isLocal(request.socket) }));
  });
  expect(await early).toEqual({ local: true });
  const byTcp = await fetch(`http://127.0.0.1:${port}/`);
  expect(await byTcp.json()).toEqual({ local: false });
  await ports!.close();
  await expect(createControlClient({ socket }).get('/')).rejects.toMatchObject({ code: 'no-pxed' });
});

test('openControlPorts() refuses a TCP port that somebody has, and lets go of what it opened', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const socket = join(folder, 's');
  const config = configOf({
    socket,
    listen: [{ address: 0x7f00_0001, port }],
    'token-file': tokenFile('0123456789abcdef'),
  });
  await expect(openControlPorts(network, { tool: 'pxed', config })).rejects.toThrow(
    `Cannot open TCP port 127.0.0.1:${port}: in use`,
  );
  await expect(createControlClient({ socket }).get('/')).rejects.toMatchObject({ code: 'no-pxed' });
  await new Promise((resolve) => taken.close(resolve));
});

test.each([
  {
    name: 'that everybody can read',
    text: '0123456789abcdef',
    mode: 0o604,
    message: 'everybody can read it',
  },
  { name: 'that is short', text: '0123456789abcde', mode: 0o600, message: '16 printable characters' },
  { name: 'of two words', text: 'correct horse battery', mode: 0o600, message: '16 printable characters' },
  { name: 'of nothing', text: '\n', mode: 0o600, message: '16 printable characters' },
])('readToken() refuses a token $name', ({ text, mode, message }) => {
  expect(() => readToken(tokenFile(text, mode))).toThrow(message);
});

test('readToken() says what to do about a file that is not there', () => {
  const missing = join(folder, 'nowhere');
  expect(() => readToken(missing)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('ENOENT') }),
  );
  expect(() => readToken(missing)).toThrow(
    expect.objectContaining({ fix: expect.stringContaining('umask 077') }),
  );
  expect(() => readToken(undefined)).toThrow('without a token');
});
