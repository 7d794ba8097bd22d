import type { Json } from './edit-path.ts';
import { isList, isMap } from './edit-value.ts';
import type { JsonSchema } from './json-schema.ts';

/** What a configuration says when every key that is left out says its default: in the file's own words and units. */
export function withDefaults(schema: JsonSchema, data: Json | undefined): Json | undefined {
  const { properties, items, additionalProperties: others } = schema;
  const start = data === undefined ? schema.default : data;
  if (isList(start)) return start.map((item) => withDefaults(schemaOf(items), item) ?? null);
  if (!isMap(start)) return start;
  const known: { readonly [key: string]: Json } = isMap(properties) ? properties : {};
  const whole: { [key: string]: Json } = {};
  // In the order of the schema: the same for every file.
  for (const [key, one] of Object.entries(known)) {
    const value = withDefaults(schemaOf(one), Object.hasOwn(start, key) ? start[key] : undefined);
    if (value !== undefined) whole[key] = value;
  }
  for (const [key, value] of Object.entries(start)) {
    if (!Object.hasOwn(known, key)) whole[key] = withDefaults(schemaOf(others), value) ?? null;
  }
  return whole;
}

function schemaOf(part: Json | undefined): JsonSchema {
  return isMap(part) ? part : {};
}
