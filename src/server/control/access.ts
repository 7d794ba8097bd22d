import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ControlError } from './control-error.ts';

/** Who may do what: whoever comes by the Unix socket, for its mode says who can; by TCP whoever knows the token. */
export type Access = {
  /** Who asks, for people. Throws {@link ControlError}. */
  admit(request: IncomingMessage): string;
  /** Begins a session of the console for whoever knows the token; `from`: the address that asks. */
  login(token: string, from?: string): Session;
  /** Ends the session that a request belongs to, if it does. */
  logout(request: IncomingMessage): void;
  /** The session that a request belongs to. */
  sessionOf(request: IncomingMessage): Session | undefined;
};

/** A browser that logged in. `csrf` must come as `pxed-csrf` with each request that changes something. */
export type Session = { readonly id: string; readonly csrf: string; readonly until: number };

export type AccessParts = {
  readonly isLocal: (socket: unknown) => boolean;
  /** None: nobody gets in by TCP. */
  readonly token?: string | undefined;
  /** Milliseconds, never going back. */
  readonly now: () => number;
};

/** The cookie of a session, `__Host-` left out: there is no TLS of our own. */
export const SESSION_COOKIE = 'pxed-session';
export const CSRF_HEADER = 'pxed-csrf';

const SESSION_MS = 12 * 60 * 60 * 1000;
const SESSIONS_MOST = 64;
/** Wrong tokens of one address in a minute: more are not looked at. Of one alone, so that nobody locks out whoever knows it. */
const GUESSES_MOST = 30;
const GUESS_PERIOD_MS = 60_000;
/** Addresses whose guesses are counted in a minute; of more nothing is looked at. */
const GUESSERS_MOST = 1000;

/**
 * A token in the header, or a session's cookie. A cookie is sent by browsers whoever made the page, so that what changes something
 * needs the session's own word in a header, which only a page of ours can know; cookies are SameSite=Strict besides. No name that
 * resolves to this machine (DNS rebinding) has a cookie of ours or knows the token.
 */
export function createAccess({ isLocal, token, now }: AccessParts): Access {
  const wanted = token === undefined ? undefined : digest(token);
  const sessions = new Map<string, Session>();
  const guesses = new Map<string, number>();
  let periodEnds = 0;

  function check(given: string, from = ''): void {
    const time = now();
    if (time >= periodEnds) {
      periodEnds = time + GUESS_PERIOD_MS;
      guesses.clear();
    }
    const wrong = guesses.get(from) ?? (guesses.size < GUESSERS_MOST ? 0 : GUESSES_MOST);
    if (wrong >= GUESSES_MOST) {
      throw new ControlError(429, 'too-many-guesses', 'Too many wrong tokens; try again in a minute');
    }
    // Digests are of one length, and tell nothing of how much of the token was right.
    if (wanted !== undefined && timingSafeEqual(digest(given), wanted)) return;
    guesses.set(from, wrong + 1);
    throw new ControlError(401, 'wrong-token', 'This is not the token');
  }

  function sessionOf(request: IncomingMessage): Session | undefined {
    const id = cookieOf(request.headers.cookie);
    const session = id === undefined ? undefined : sessions.get(id);
    if (!session) return undefined;
    if (now() < session.until) return session;
    sessions.delete(session.id);
    return undefined;
  }

  return {
    sessionOf,
    admit(request) {
      if (isLocal(request.socket)) {
        refuseForeignPages(request);
        return nameOf(request.headers['pxed-user']) ?? 'local';
      }
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
        if (given === undefined)
          throw new ControlError(401, 'no-token', 'Authorization must be: Bearer TOKEN');
        check(given, request.socket.remoteAddress);
        return 'token';
      }
      const session = sessionOf(request);
      if (!session)
        throw new ControlError(401, 'no-token', 'Needs the token, as Authorization: Bearer TOKEN');
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        const word = request.headers[CSRF_HEADER];
        if (typeof word !== 'string' || !timingSafeEqual(digest(word), digest(session.csrf))) {
          throw new ControlError(403, 'csrf', `Needs the session's word in the header ${CSRF_HEADER}`);
        }
      }
      return 'console';
    },
    login(given, from) {
      check(given, from);
      for (const old of [...sessions.values()]) {
        if (sessions.size >= SESSIONS_MOST || now() >= old.until) sessions.delete(old.id);
      }
      const session = { id: word(), csrf: word(), until: now() + SESSION_MS };
      sessions.set(session.id, session);
      return session;
    },
    logout(request) {
      const session = sessionOf(request);
      if (session) sessions.delete(session.id);
    },
  };
}

/** For Set-Cookie. Without a session: takes it away. */
export function sessionCookie(session: Session | undefined): string {
  const shared = 'Path=/; HttpOnly; SameSite=Strict';
  if (!session) return `${SESSION_COOKIE}=; Max-Age=0; ${shared}`;
  return `${SESSION_COOKIE}=${session.id}; Max-Age=${SESSION_MS / 1000}; ${shared}`;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function word(): string {
  return randomBytes(24).toString('base64url');
}

function cookieOf(header: string | undefined): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE) return value;
  }
  return undefined;
}

/**
 * The socket may be led to a browser (`ssh -L 8069:/run/pxed/pxed.sock`), and then every page that the browser shows can ask: what a
 * page of another place does is refused. Browsers say where a request comes from (Sec-Fetch-Site, or Origin where they are old or
 * the place is no safe one), and the name that they looked up: one that an attacker has lead to this machine (DNS rebinding) is none
 * of ours. Programs say neither, and name the socket's host as they like to: localhost.
 */
function refuseForeignPages({ headers }: IncomingMessage): void {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign =
    site === undefined
      ? origin !== undefined && URL.parse(origin)?.host !== host
      : !OWN_PAGES.has(String(site));
  if (isForeign) throw new ControlError(403, 'cross-site', 'Pages of other places may not ask this pxed');
  if (host === '' || OWN_HOST.test(host)) return;
  const fix = 'over the Unix socket it is http://localhost/';
  throw new ControlError(403, 'foreign-host', `This pxed does not answer to the name in Host: ${fix}`);
}

/** `none`: a person typed the address. */
const OWN_PAGES: ReadonlySet<string> = new Set(['same-origin', 'none']);
/** localhost, or an address, IPv6 in brackets; and a port. */
const OWN_HOST = /^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/** What pxectl says of its user. It is taken at its word: who can open the socket can do everything anyhow. */
function nameOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.@-]{1,64}$/.test(header) ? header : undefined;
}
