import { expect, test } from 'vitest';
import { z } from 'zod';
import { openApiOf, openApiRoute } from '../../../src/server/control/openapi.ts';
import { nothing, route } from '../../../src/server/control/route.ts';

const shared = { tag: 'files', summary: 'a file' };

const ROUTES = [
  route({
    ...shared,
    method: 'GET',
    path: '/api/v1/files/*',
    params: z.strictObject({ '*': z.string() }),
    query: z.strictObject({ hash: z.stringbool().optional(), limit: z.coerce.number().int() }),
    response: 'octets',
    handle: () => ({ octets: new Uint8Array() }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/api/v1/files/*',
    params: z.strictObject({ '*': z.string() }),
    response: nothing,
    handle: () => undefined,
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/api/v1/machines/:id/boot',
    params: z.strictObject({ id: z.string() }),
    body: z.strictObject({ profile: z.string(), once: z.boolean().default(false) }),
    response: z.strictObject({ text: z.string() }),
    handle: () => ({ text: '' }),
  }),
];

test('openApiOf() writes paths, parameters, bodies and answers from the shapes', () => {
  const { paths } = openApiOf(ROUTES, '1.2.3') as { paths: Record<string, Record<string, unknown>> };
  expect(Object.keys(paths)).toEqual(['/api/v1/files/{path}', '/api/v1/machines/{id}/boot']);
  expect(Object.keys(paths['/api/v1/files/{path}']!)).toEqual(['get', 'delete']);
  expect(paths['/api/v1/files/{path}']!.get).toMatchObject({
    operationId: 'get-files-path',
    parameters: [
      { name: 'path', in: 'path', required: true },
      { name: 'hash', in: 'query', required: false },
      { name: 'limit', in: 'query', required: true },
    ],
    responses: { 200: { content: { 'application/octet-stream': {} } } },
  });
  expect(paths['/api/v1/files/{path}']!.delete).toMatchObject({ responses: { 204: {} } });
  expect(paths['/api/v1/machines/{id}/boot']!.post).toMatchObject({
    operationId: 'post-machines-by-id-boot',
    requestBody: {
      // What has a default may be left out.
      content: { 'application/json': { schema: { required: ['profile'], additionalProperties: false } } },
    },
    responses: {
      200: { content: { 'application/json': { schema: { properties: { text: { type: 'string' } } } } } },
      default: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  });
});

test('openApiRoute() serves the document of the others', async () => {
  const answer = await openApiRoute(ROUTES, '1.2.3').call({
    ...{ params: {}, query: {}, body: undefined, user: 'ann', signal: new AbortController().signal },
    exchange: { request: {} as never, header() {} },
  });
  expect(answer).toMatchObject({ openapi: '3.1.0', info: { title: 'pxed', version: '1.2.3' } });
});
