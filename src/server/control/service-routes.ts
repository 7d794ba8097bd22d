import { z } from 'zod';
import { type Route, route } from './route.ts';

const phase = z.enum(['starting', 'running', 'stopping', 'halted', 'backing-off', 'failed']);

const taskShape = z.strictObject({
  name: z.string(),
  state: phase,
  since: z.iso.datetime(),
  restarts: z.int().describe('After failures; what somebody asked for is not counted.'),
  lastError: z.string().optional(),
  detail: z.string().optional(),
});

export const serviceShape = taskShape.extend({
  workers: z.array(taskShape).optional().describe('Where it has several, each of them.'),
});

export const changeShape = z.strictObject({
  changed: z.boolean().describe('False: it was so already.'),
  text: z.string(),
  service: serviceShape,
});

export const statusShape = z.strictObject({
  version: z.string(),
  tool: z.string(),
  pid: z.int(),
  startedAt: z.iso.datetime(),
  uptimeSeconds: z.int(),
  mode: z.string(),
  ready: z.boolean().describe('Every service that is not halted answers.'),
  services: z.array(serviceShape),
  interfaces: z.array(
    z.strictObject({
      name: z.string(),
      mac: z.string(),
      addresses: z.array(z.string()),
      mtu: z.int(),
      carrier: z.boolean(),
      role: z.enum(['server', 'proxy']).optional(),
    }),
  ),
  root: z.string().optional(),
  profiles: z.array(z.string()),
  leases: z.strictObject({ bound: z.int(), declined: z.int() }).optional(),
  transfers: z.int().describe('Files under way.'),
  counters: z.record(z.string(), z.int()).describe('Events by type since the start.'),
  bytes: z.strictObject({ tftpSent: z.int(), tftpReceived: z.int(), httpSent: z.int() }),
  control: z.strictObject({ socket: z.string().optional(), listening: z.array(z.string()) }),
});

export type Status = z.infer<typeof statusShape>;
export type Service = z.infer<typeof serviceShape>;
export type Change = z.infer<typeof changeShape>;

export const reloadShape = z.strictObject({ text: z.string() });

/** What is done with a pxed as a whole, and with its services. */
export type ServiceOperations = {
  status(): Promise<Status>;
  /** `user`: who asks, for the log. */
  start(service: string, user: string): Promise<Change>;
  stop(service: string, user: string): Promise<Change>;
  restart(service: string, user: string): Promise<Change>;
  /** Throws ControlError 422 with every problem as `details` when the configuration cannot be put in force. */
  reload(user: string): z.infer<typeof reloadShape>;
};

const named = z.strictObject({ name: z.string().max(64) });

export function serviceRoutes(operations: ServiceOperations): Route[] {
  const act = (verb: 'start' | 'stop' | 'restart', summary: string) =>
    route({
      method: 'POST',
      path: `/api/v1/services/:name/${verb}`,
      summary,
      tag: 'services',
      params: named,
      response: changeShape,
      handle: ({ params, user }) => operations[verb](params.name, user),
    });
  return [
    route({
      method: 'GET',
      path: '/api/v1/status',
      summary: 'What pxed is, does and has done',
      tag: 'services',
      response: statusShape,
      handle: () => operations.status(),
    }),
    act('start', 'Start a service that is halted; nothing when it runs'),
    act('stop', 'Stop a service; its transfers may finish for five seconds; nothing when it is halted'),
    act('restart', 'Stop and start a service'),
    route({
      method: 'POST',
      path: '/api/v1/reload',
      summary: 'Read the configuration again, and put it in force if it has no mistake',
      tag: 'services',
      response: reloadShape,
      handle: ({ user }) => operations.reload(user),
    }),
  ];
}
