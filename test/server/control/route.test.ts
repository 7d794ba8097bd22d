import type { IncomingMessage } from 'node:http';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { ControlError } from '../../../src/server/control/control-error.ts';
import { nothing, type RawAsk, route } from '../../../src/server/control/route.ts';

function raw(given: Partial<RawAsk>): RawAsk {
  const exchange = { request: {} as IncomingMessage, header() {} };
  const signal = new AbortController().signal;
  return { params: {}, query: {}, body: undefined, signal, user: 'ann', exchange, ...given };
}

const lease = route({
  method: 'PUT',
  path: '/api/v1/leases/:ip',
  summary: 'One lease',
  tag: 'leases',
  params: z.strictObject({ ip: z.ipv4() }),
  query: z.strictObject({ days: z.coerce.number().int().default(1) }),
  body: z.strictObject({ names: z.array(z.string()) }),
  response: z.strictObject({ text: z.string() }),
  handle({ params, query, body, user }) {
    expectTypeOf(params).toEqualTypeOf<{ ip: string }>();
    expectTypeOf(query).toEqualTypeOf<{ days: number }>();
    expectTypeOf(body).toEqualTypeOf<{ names: string[] }>();
    return { text: `${user} ${params.ip} ${query.days} ${body.names.join()}` };
  },
});

test('route() gives its handler what its shapes made of a request', async () => {
  const asked = raw({ params: { ip: '10.0.0.7' }, query: { days: '3' }, body: { names: ['a', 'b'] } });
  expect(await lease.call(asked)).toEqual({ text: 'ann 10.0.0.7 3 a,b' });
});

test.each([
  { name: 'params', given: { params: { ip: 'x' } }, message: /^params\.ip: / },
  { name: 'query', given: { query: { days: 'soon' } }, message: /^query\.days: / },
  { name: 'a key that is none', given: { query: { weeks: '1' } }, message: /^query: .*weeks/ },
  { name: 'a body within', given: { body: { names: [1] } }, message: /^body\.names\.0: / },
  { name: 'no body', given: { body: undefined }, message: /^body: / },
])('route() refuses what does not fit: $name', async ({ given, message }) => {
  const good = { params: { ip: '10.0.0.7' }, body: { names: [] } };
  const refused = await lease.call(raw({ ...good, ...given })).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ControlError);
  expect(refused).toMatchObject({
    status: 400,
    code: 'bad-request',
    message: expect.stringMatching(message),
  });
  expect((refused as ControlError).details).toMatchObject([{ in: expect.any(String) }]);
});

test('route() takes what its handler throws on', async () => {
  const broken = route({
    ...{ method: 'POST', path: '/api/v1/x', summary: 'x', tag: 'x', response: nothing },
    handle: () => {
      throw new ControlError(409, 'busy', 'not now');
    },
  });
  await expect(broken.call(raw({}))).rejects.toMatchObject({ status: 409, code: 'busy' });
});
