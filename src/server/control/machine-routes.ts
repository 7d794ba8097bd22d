import { z } from 'zod';
import { type Route, route } from './route.ts';

const stage = z.enum([
  'address',
  'loader',
  'config',
  'kernel',
  'initrd',
  'system',
  'done',
  'failed',
  'files',
]);

export const machineShape = z.strictObject({
  id: z.string().describe('Its MAC where that is known, else the address that it asks from.'),
  mac: z.string().optional(),
  ip: z.string().optional(),
  uuid: z.string().optional(),
  arch: z.string().optional().describe('Option 93 in words, of its firmware.'),
  hostname: z.string().optional(),
  firmware: z.string().optional(),
  profile: z.string().optional().describe('What its last boot was configured by.'),
  stage: stage.describe('How far its last boot came; files: it fetched files and did not boot.'),
  stageText: z.string(),
  since: z.iso.datetime().describe('When its last boot began.'),
  lastSeen: z.iso.datetime(),
  bytes: z.int(),
  totalBytes: z.int().optional(),
  failure: z.string().optional(),
  boots: z.int().describe('Boots that are remembered.'),
});

export const reasonShape = z.strictObject({
  code: z.string(),
  text: z.string(),
  fix: z.string().optional(),
  certainty: z.enum(['sure', 'likely', 'possible']),
});

export const explanationShape = z.strictObject({
  verdict: z.enum(['booted', 'booting', 'failed', 'ignored', 'unknown', 'files']),
  headline: z.string(),
  reasons: z.array(reasonShape),
  missing: z.string().optional().describe('The step that was to come and never came.'),
});

export const stepShape = z.strictObject({
  at: z.iso.datetime(),
  tookMs: z.number().optional(),
  what: z.string(),
  text: z.string(),
  ok: z.boolean().optional().describe('Absent: neither good nor bad, as a probe.'),
  detail: z.string().optional(),
});

const choiceShape = z.strictObject({
  profile: z.string(),
  once: z.boolean(),
  since: z.iso.datetime(),
  taken: z.boolean().describe('With once: the boot that it is for has begun.'),
});

export const storyShape = machineShape.extend({
  steps: z.array(stepShape),
  left: z.int().describe('Steps that there was no room for.'),
  explanation: explanationShape,
  earlier: z.array(
    z.strictObject({ began: z.iso.datetime(), ended: z.iso.datetime(), stage, text: z.string() }),
  ),
  chosen: choiceShape.optional().describe('What an operator chose for it.'),
  next: z
    .strictObject({ profile: z.string().optional(), reason: z.string() })
    .optional()
    .describe('What it would be given now; absent without profiles.'),
});

export const chosenShape = z.strictObject({
  machine: z.string(),
  profile: z.string().nullable(),
  once: z.boolean(),
  text: z.string(),
});

export const forgottenShape = z.strictObject({
  machine: z.string(),
  forgotten: z.boolean(),
  text: z.string(),
});

export type MachineJson = z.infer<typeof machineShape>;
export type StoryJson = z.infer<typeof storyShape>;
export type ChosenJson = z.infer<typeof chosenShape>;
export type ForgottenJson = z.infer<typeof forgottenShape>;

/** `id`: a MAC, an address or a UUID. Throws ControlError. */
export type MachineOperations = {
  machines(most: number): readonly MachineJson[];
  machine(id: string): StoryJson;
  /** The same, explained by what the boot root and this machine tell besides. */
  why(id: string): Promise<StoryJson>;
  /** What it boots from now on, or in its next boot alone; null: what the configuration says. */
  boot(id: string, wish: { readonly profile: string | null; readonly once: boolean }): ChosenJson;
  /** It is offered again what it has installed. */
  forget(id: string): ForgottenJson;
};

const id = z.strictObject({ id: z.string().max(100).describe('A MAC, an address or a UUID.') });

export function machineRoutes(operations: MachineOperations): Route[] {
  return [
    route({
      ...{ method: 'GET', path: '/api/v1/machines', tag: 'machines' },
      summary: 'Machines and how far their last boots came, those heard of last first',
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(10_000).default(1000) }),
      response: z.strictObject({ machines: z.array(machineShape) }),
      handle: ({ query }) => ({ machines: [...operations.machines(query.limit)] }),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/machines/:id', tag: 'machines' },
      summary: 'One machine: every step of its last boot',
      params: id,
      response: storyShape,
      handle: ({ params }) => operations.machine(params.id),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/machines/:id/why', tag: 'machines' },
      summary: 'Why its last boot went as it did, with the boot root looked at',
      params: id,
      response: storyShape,
      handle: ({ params }) => operations.why(params.id),
    }),
    route({
      ...{ method: 'POST', path: '/api/v1/machines/:id/boot', tag: 'machines' },
      summary: 'Choose what it boots, for its next boot or from now on; null: what the configuration says',
      params: id,
      body: z.strictObject({ profile: z.string().min(1).nullable(), once: z.boolean().default(false) }),
      response: chosenShape,
      handle: ({ params, body }) => operations.boot(params.id, body),
    }),
    route({
      ...{ method: 'DELETE', path: '/api/v1/machines/:id/progress', tag: 'machines' },
      summary: 'Forget what it has installed: it is offered that again',
      params: id,
      response: forgottenShape,
      handle: ({ params }) => operations.forget(params.id),
    }),
  ];
}
