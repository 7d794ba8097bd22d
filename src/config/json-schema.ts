import { z } from 'zod';
import type { Json } from './edit-path.ts';
import { schema } from './schema.ts';

/** A schema as JSON Schema 2020-12 has it, as far as this program makes use of it. */
export type JsonSchema = {
  readonly [keyword: string]: Json | undefined;
};

/**
 * The configuration file as a JSON Schema, for editors that complete and check YAML by one: every key with its meaning, what it may be,
 * and its default. What JSON Schema cannot say, as that a range ends after it begins, is checked when the file is read.
 */
export function configSchema(): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      // One value will do in the place of a list of one.
      if (
        def.type === 'pipe' &&
        jsonSchema.type === 'array' &&
        isPreprocessed(def) &&
        jsonSchema.items !== undefined
      ) {
        const { type, items, description } = jsonSchema;
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
        const single = items as z.core.JSONSchema.BaseSchema;
        Object.assign(jsonSchema, { ...(description !== undefined && { description }) });
        Object.assign(jsonSchema, { anyOf: [single, { type, items: single }] });
      }
      if (def.type === 'default' && (jsonSchema.default === undefined || Array.isArray(jsonSchema.default))) {
        const { defaultValue } = def as z.core.$ZodDefaultDef;
        // Of some maps there are lists inside.
        const isMapOfNone = jsonSchema.type === 'object' && Array.isArray(defaultValue);
        jsonSchema.default = isMapOfNone ? {} : (defaultValue as Json);
      }
    },
  });
  const told = {
    $schema: made.$schema,
    title: 'pxed configuration, version 1',
    description: 'The configuration file of pxed: pxed --config pxed.yaml',
  };
  return JSON.parse(JSON.stringify({ ...told, ...made })) as JsonSchema;
}

function isPreprocessed(def: z.core.$ZodTypeDef): boolean {
  const { in: first } = def as z.core.$ZodPipeDef;
  return first._zod.def.type === 'transform';
}
