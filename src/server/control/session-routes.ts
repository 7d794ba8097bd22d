import { z } from 'zod';
import { type Access, sessionCookie } from './access.ts';
import { nothing, type Route, route } from './route.ts';

const sessionShape = z.strictObject({
  user: z.string().describe('Who asks: the name that pxectl gave, console or token.'),
  csrf: z.string().optional().describe('To be sent as header pxed-csrf with what changes something.'),
});

/** The door of the console: a token for a cookie. Programs send the token with each request instead. */
export function sessionRoutes(access: Access): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/login',
      summary: 'Begin a session of the console',
      tag: 'session',
      open: true,
      body: z.strictObject({ token: z.string().max(1024) }),
      response: sessionShape,
      handle({ body, exchange }) {
        const session = access.login(body.token, exchange.request.socket.remoteAddress);
        exchange.header('set-cookie', sessionCookie(session));
        return { user: 'console', csrf: session.csrf };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/session',
      summary: 'Who asks, and the word that changes need',
      tag: 'session',
      response: sessionShape,
      handle({ user, exchange }) {
        const session = access.sessionOf(exchange.request);
        return { user, ...(session && user === 'console' && { csrf: session.csrf }) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/logout',
      summary: 'End the session of the console',
      tag: 'session',
      response: nothing,
      handle({ exchange }) {
        access.logout(exchange.request);
        exchange.header('set-cookie', sessionCookie(undefined));
        return undefined;
      },
    }),
  ];
}
