import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { createAccess, sessionCookie } from '../../../src/server/control/access.ts';

const TOKEN = 'correct-horse-battery';
const LOCAL = {};

function accessAt(clock = { now: 0 }, token: string | undefined = TOKEN) {
  return createAccess({ isLocal: (socket) => socket === LOCAL, token, now: () => clock.now });
}

function asked(headers: Record<string, string> = {}, { method = 'GET', socket = {} } = {}): IncomingMessage {
  return { headers, method, socket } as unknown as IncomingMessage;
}

function cookie(id: string) {
  return { cookie: `other=1; pxed-session=${id}` };
}

test('createAccess() lets everybody in by the Unix socket, by the name they give', () => {
  const access = accessAt();
  expect(access.admit(asked({}, { socket: LOCAL }))).toBe('local');
  expect(access.admit(asked({ 'pxed-user': 'ann' }, { socket: LOCAL }))).toBe('ann');
  expect(access.admit(asked({ 'pxed-user': 'a\u001b[1m' }, { socket: LOCAL }))).toBe('local');
});

test.each([
  ['a program', {}],
  ['pxectl', { host: 'localhost' }],
  ['an address', { host: '127.0.0.1:8069' }],
  ['an IPv6 address', { host: '[::1]:8069' }],
  ['no name', { host: '' }],
  ['a page of ours', { host: 'localhost:8069', 'sec-fetch-site': 'same-origin' }],
  ['a person', { host: 'localhost:8069', 'sec-fetch-site': 'none' }],
  ['a page of ours in an old browser', { host: 'localhost:8069', origin: 'http://localhost:8069' }],
])('createAccess() answers by the Unix socket: %s', (_, headers) => {
  const access = accessAt();
  for (const method of ['GET', 'POST'])
    expect(access.admit(asked(headers, { method, socket: LOCAL }))).toBe('local');
});

test.each([
  ['another site', { host: 'localhost:8069', 'sec-fetch-site': 'cross-site' }],
  ['another port of this machine', { host: 'localhost:8069', 'sec-fetch-site': 'same-site' }],
  ['another site in an old browser', { host: 'localhost:8069', origin: 'https://evil.example' }],
  ['a page without an origin', { host: 'localhost:8069', origin: 'null' }],
  ['a name that leads here', { host: 'evil.example:8069' }],
  [
    'a name that leads here, as its own page',
    { host: 'evil.example:8069', origin: 'http://evil.example:8069' },
  ],
  ['a name that begins as ours', { host: 'localhost.evil.example' }],
  ['a name that looks like an address', { host: '127.0.0.1.evil.example' }],
  ['a name of one word', { host: 'pxed:8069' }],
])('createAccess() refuses what a browser brings to the Unix socket: %s', (_, headers) => {
  const access = accessAt();
  for (const method of ['GET', 'POST'])
    expect(() => access.admit(asked(headers, { method, socket: LOCAL }))).toThrow(
      expect.objectContaining({ status: 403 }),
    );
});

test('createAccess() believes no name that comes by TCP', () => {
  expect(() => accessAt().admit(asked({ 'pxed-user': 'ann' }))).toThrow(
    expect.objectContaining({ status: 401 }),
  );
  expect(accessAt().admit(asked({ 'pxed-user': 'ann', authorization: `Bearer ${TOKEN}` }))).toBe('token');
});

test.each([
  ['nothing', {}],
  ['another token', { authorization: `Bearer ${TOKEN}x` }],
  ['a part of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
  ['an empty one', { authorization: 'Bearer ' }],
  ['another scheme', { authorization: `Basic ${TOKEN}` }],
  ['the token as a cookie', { cookie: `pxed-session=${TOKEN}` }],
  ['a session that is none', cookie('nonsense')],
])('createAccess() refuses by TCP: %s', (_, headers) => {
  expect(() => accessAt().admit(asked(headers))).toThrow(expect.objectContaining({ status: 401 }));
});

test('createAccess() lets nobody in by TCP without a token of its own', () => {
  const access = accessAt({ now: 0 }, undefined);
  expect(() => access.admit(asked({ authorization: 'Bearer undefined' }))).toThrow();
  expect(() => access.login('')).toThrow();
});

test('createAccess() gives a session for the token, which reads, and changes with its word', () => {
  const access = accessAt();
  const session = access.login(TOKEN);
  expect(access.admit(asked(cookie(session.id)))).toBe('console');
  const post = (csrf?: string) =>
    access.admit(asked({ ...cookie(session.id), ...(csrf && { 'pxed-csrf': csrf }) }, { method: 'POST' }));
  expect(() => post()).toThrow(expect.objectContaining({ status: 403, code: 'csrf' }));
  expect(() => post('guess')).toThrow(expect.objectContaining({ status: 403 }));
  expect(() => post(access.login(TOKEN).csrf)).toThrow(expect.objectContaining({ status: 403 }));
  expect(post(session.csrf)).toBe('console');
});

test('createAccess() ends sessions: by logout, by time, by the number of newer ones', () => {
  const clock = { now: 0 };
  const access = accessAt(clock);
  const first = access.login(TOKEN);
  access.logout(asked(cookie(first.id)));
  expect(() => access.admit(asked(cookie(first.id)))).toThrow(expect.objectContaining({ status: 401 }));

  const second = access.login(TOKEN);
  for (let i = 0; i < 64; i++) access.login(TOKEN);
  expect(access.sessionOf(asked(cookie(second.id)))).toBeUndefined();

  const third = access.login(TOKEN);
  clock.now = third.until - 1;
  expect(access.sessionOf(asked(cookie(third.id)))).toEqual(third);
  clock.now = third.until;
  expect(access.sessionOf(asked(cookie(third.id)))).toBeUndefined();
});

test('createAccess() looks at so many wrong tokens a minute, and at no right one past that', () => {
  const clock = { now: 0 };
  const access = accessAt(clock);
  for (let i = 0; i < 30; i++)
    expect(() => access.login(`guess ${i}`)).toThrow(expect.objectContaining({ status: 401 }));
  expect(() => access.login(TOKEN)).toThrow(expect.objectContaining({ status: 429 }));
  clock.now = 60_000;
  expect(access.login(TOKEN).csrf).not.toBe('');
});

test('createAccess() has one address guess without locking out another', () => {
  const access = accessAt();
  const from = (remoteAddress: string, token: string) =>
    asked({ authorization: `Bearer ${token}` }, { socket: { remoteAddress } });
  for (let i = 0; i < 31; i++) expect(() => access.admit(from('10.0.0.66', 'a-wrong-one'))).toThrow();
  expect(() => access.admit(from('10.0.0.66', TOKEN))).toThrow(expect.objectContaining({ status: 429 }));
  expect(() => access.login(TOKEN, '10.0.0.66')).toThrow(expect.objectContaining({ status: 429 }));
  expect(access.admit(from('10.0.0.7', TOKEN))).toBe('token');
  expect(access.login(TOKEN, '10.0.0.7').csrf).not.toBe('');
});

test('createAccess() counts the guesses of so many addresses', () => {
  const clock = { now: 0 };
  const access = accessAt(clock);
  const wrong = (address: string) => {
    try {
      access.login('a-wrong-one', address);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  for (let i = 0; i < 1000; i++) expect(wrong(`10.1.${i >> 8}.${i & 255}`)).toMatchObject({ status: 401 });
  expect(wrong('10.2.0.1')).toMatchObject({ status: 429 });
  clock.now = 60_000;
  expect(wrong('10.2.0.1')).toMatchObject({ status: 401 });
});

test('sessionCookie() is for this site and no script', () => {
  const session = accessAt().login(TOKEN);
  expect(sessionCookie(session)).toMatch(
    /^pxed-session=[\w-]{32}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect(sessionCookie(undefined)).toContain('Max-Age=0');
});
