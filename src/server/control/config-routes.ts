import { z } from 'zod';
import { type Route, route } from './route.ts';

/** Far beyond any configuration. */
const MOST_TEXT = 4_000_000;

const text = z.string().max(MOST_TEXT);
const place = z.string().min(1).max(1000);

export const configProblemShape = z.strictObject({
  file: z.string(),
  line: z.int().optional().describe('From 1; absent where no line is to blame.'),
  path: z.string().optional().describe('Like networks[0].range.'),
  message: z.string(),
});

export const differenceShape = z.strictObject({
  path: z.string(),
  before: z.unknown().optional().describe('Absent: it was not there.'),
  after: z.unknown().optional().describe('Absent: it is not there any more.'),
});

const editorShape = z.strictObject({
  who: z.string(),
  since: z.iso.datetime(),
  expiresAt: z.iso.datetime().describe('Unless something is done with it before.'),
});

export const configShape = z.strictObject({
  file: z.string().optional().describe('Absent where pxed was started without a configuration.'),
  text: text.optional().describe('Absent where pxed may not read the file.'),
  etag: z.string().describe('Another text has another one.'),
  writable: z.boolean().describe('May pxed itself save it?'),
  whyNotWritable: z.string().optional(),
  problems: z.array(configProblemShape).describe('Of the file as it is now.'),
  needsRestart: z.array(z.string()).describe('Keys of the file that will not hold before a restart.'),
  inForce: z.boolean().describe('Is what the file says what pxed does?'),
  effective: z.record(z.string(), z.unknown()).describe('In force: with defaults and the command line.'),
  editor: editorShape.optional().describe('Who edits it at the moment.'),
});

/** What is to be changed: single places, or everything. */
const changes = {
  text: text.optional().describe('The whole new text.'),
  set: z
    .record(place, z.unknown())
    .optional()
    .describe('Values by place: {"tftp.port": 1069, "hosts[+]": {…}}; comments stay.'),
  unset: z.array(place).max(1000).optional().describe('Places that are to be left out.'),
};

export const changeBody = z.strictObject(changes);

export const saveBody = z.strictObject({
  ...changes,
  ifMatch: z.string().optional().describe('The etag that it was read with; needed with text.'),
  session: z.string().optional().describe('Of whoever began to edit.'),
  force: z.boolean().default(false).describe('Although somebody else edits it.'),
  apply: z.boolean().default(true).describe('Put it in force, too.'),
});

export const appliedShape = z.strictObject({
  applied: z.boolean().describe('Is it in force?'),
  needsRestart: z.array(z.string()).describe('The keys that it waits for.'),
  problems: z.array(z.string()),
  warnings: z
    .array(z.string())
    .optional()
    .describe('It is in force, and this is hardly meant: an address that no machine will get.'),
});

export const savedShape = z.strictObject({
  file: z.string(),
  etag: z.string(),
  saved: z.boolean().describe('False: it said so already, and was not written.'),
  changed: z.array(differenceShape),
  ...appliedShape.shape,
});

export const checkedShape = z.strictObject({
  problems: z.array(configProblemShape),
  changed: z.array(differenceShape).describe('What the file would say else.'),
  needsRestart: z.array(z.string()),
  text: text.optional().describe('The file as it would be.'),
});

export const sessionShape = editorShape.extend({ id: z.string(), etag: z.string() });
export const stagedShape = sessionShape.extend(checkedShape.shape);

export type ConfigView = z.infer<typeof configShape>;
export type ConfigProblem = z.infer<typeof configProblemShape>;
export type ConfigChanges = z.infer<typeof changeBody>;
export type SaveAsk = Omit<z.infer<typeof saveBody>, 'force' | 'apply'> & {
  readonly force?: boolean;
  readonly apply?: boolean;
};
export type Saved = z.infer<typeof savedShape>;
export type Checked = z.infer<typeof checkedShape>;
export type Applied = z.infer<typeof appliedShape>;
export type EditSession = z.infer<typeof sessionShape>;
export type Staged = z.infer<typeof stagedShape>;

/** What can be done with a running pxed's configuration. All throw ControlError. */
export type ConfigOperations = {
  view(): ConfigView;
  schema(): { readonly [keyword: string]: unknown };
  /** What would come of the changes; nothing is changed. */
  check(changes: ConfigChanges): Checked;
  save(ask: SaveAsk, user: string): Saved;
  apply(): Applied;
  begin(user: string, takeOver: boolean): EditSession;
  staged(id: string): Staged;
  stage(id: string, changes: ConfigChanges): Staged;
  saveStaged(id: string, apply: boolean): Saved;
  end(id: string): void;
};

const one = z.strictObject({ id: z.string().max(64) });

export function configRoutes(operations: ConfigOperations): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/config',
      summary: 'The configuration: its file, and what is in force',
      tag: 'config',
      response: configShape,
      handle: () => operations.view(),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/config',
      summary: 'Change it, save what changed, and put it in force; with any mistake nothing is changed',
      tag: 'config',
      body: saveBody,
      response: savedShape,
      handle: ({ body, user }) => operations.save(body, user),
    }),
    route({
      method: 'POST',
      path: '/api/v1/config/check',
      summary: 'What would come of a change; nothing is changed',
      tag: 'config',
      body: changeBody,
      response: checkedShape,
      handle: ({ body }) => operations.check(body),
    }),
    route({
      method: 'POST',
      path: '/api/v1/config/apply',
      summary: 'Put in force what the file says; transfers under way go on',
      tag: 'config',
      response: appliedShape,
      handle: () => operations.apply(),
    }),
    route({
      method: 'GET',
      path: '/api/v1/config/schema',
      summary: 'The JSON Schema of the configuration file',
      tag: 'config',
      response: z.record(z.string(), z.unknown()),
      handle: () => operations.schema(),
    }),
    ...editRoutes(operations),
  ];
}

/** Begin, set, save, apply: for whoever takes his time. */
function editRoutes(operations: ConfigOperations): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/config/edit',
      summary: 'Begin to edit: others are told',
      tag: 'config',
      status: 201,
      body: z.strictObject({
        takeOver: z.boolean().default(false).describe('End the editing of somebody else.'),
      }),
      response: sessionShape,
      handle: ({ body, user }) => operations.begin(user, body.takeOver),
    }),
    route({
      method: 'GET',
      path: '/api/v1/config/edit/:id',
      summary: 'What was set so far, and what would come of it',
      tag: 'config',
      params: one,
      response: stagedShape,
      handle: ({ params }) => operations.staged(params.id),
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/config/edit/:id',
      summary: 'Set something; it is not saved yet',
      tag: 'config',
      params: one,
      body: changeBody,
      response: stagedShape,
      handle: ({ params, body }) => operations.stage(params.id, body),
    }),
    route({
      method: 'POST',
      path: '/api/v1/config/edit/:id/save',
      summary: 'Save what was set, and end the editing',
      tag: 'config',
      params: one,
      body: z.strictObject({ apply: z.boolean().default(false).describe('Put it in force, too.') }),
      response: savedShape,
      handle: ({ params, body }) => operations.saveStaged(params.id, body.apply),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/config/edit/:id',
      summary: 'End the editing without saving',
      tag: 'config',
      params: one,
      response: z.strictObject({ ended: z.literal(true) }),
      handle: ({ params }) => {
        operations.end(params.id);
        return { ended: true as const };
      },
    }),
  ];
}
