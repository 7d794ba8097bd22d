import { z } from 'zod';
import { type Method, type Route, route } from './route.ts';

/** The OpenAPI 3.1 document of these routes; shapes are JSON Schema, as zod tells them. */
export function openApiOf(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'pxed',
      version,
      description: 'Control of a pxed that runs: over its Unix socket, or by TCP with a token.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'pxed-session' },
      },
      schemas: { Error: ERROR },
    },
  };
}

const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, details: {} },
    },
  },
};

function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');
}

function operationOf(route: Route): Record<string, unknown> {
  const parameters = [
    ...parametersOf(route.params, 'path').map((one) => (one.name === '*' ? { ...one, name: 'path' } : one)),
    ...parametersOf(route.query, 'query'),
  ];
  return {
    operationId: operationId(route.method, route.path),
    summary: route.summary,
    tags: [route.tag],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: true,
        content:
          route.body === 'octets'
            ? { 'application/octet-stream': {} }
            : { 'application/json': { schema: jsonSchema(route.body, 'input') } },
      },
    }),
    responses: {
      [route.status ?? (isNothing(route.response) ? 204 : 200)]: {
        description: route.summary,
        ...contentOf(route.response),
      },
      default: {
        description: 'It is not done, and why',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function operationId(method: Method, path: string): string {
  const words = path
    .replace('/api/v1/', '')
    .split('/')
    .map((word) => word.replace(':', 'by-').replace('*', 'path'));
  return [method.toLowerCase(), ...words].join('-');
}

function isNothing(shape: Route['response']): boolean {
  return shape instanceof z.ZodUndefined;
}

function contentOf(response: Route['response']): Record<string, unknown> {
  if (response === 'events') return { content: { 'text/event-stream': { schema: { type: 'string' } } } };
  if (response === 'octets') return { content: { 'application/octet-stream': {} } };
  if (isNothing(response)) return {};
  return { content: { 'application/json': { schema: jsonSchema(response, 'output') } } };
}

type Parameter = { readonly name: string; readonly in: 'path' | 'query'; required: boolean; schema: unknown };

function parametersOf(shape: z.ZodType | undefined, where: Parameter['in']): Parameter[] {
  if (!shape) return [];
  const { properties = {}, required = [] } = jsonSchema(shape, 'input');
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: where, schema },
    required: where === 'path' || required.includes(name),
  }));
}

type ObjectSchema = {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
};

function jsonSchema(shape: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
  return rest as ObjectSchema;
}

/** Serves the document of the others. */
export function openApiRoute(routes: readonly Route[], version: string): Route {
  return route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    tag: 'meta',
    response: z.looseObject({ openapi: z.string() }),
    handle: () => openApiOf(routes, version) as { openapi: string },
  });
}
