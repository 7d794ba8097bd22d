import { type EditPath, formatEditPath, type Json } from './edit-path.ts';
import { isList, isMap } from './edit-value.ts';

/** One step of an edit: a value at a place, or nothing there. */
export type Change =
  | { readonly path: EditPath; readonly value: Json }
  | { readonly path: EditPath; readonly unset: true };

/** The change cannot be made to this value; `message` says why. */
export class NoSuchPlace extends Error {}

/** What `data` says after the change, as new data. Throws {@link NoSuchPlace}. */
export function changed(data: Json, change: Change): Json {
  if ('unset' in change) return without(data, change.path) ?? {};
  return withValue(data, change.path, change.value);
}

/** The value at a place; undefined when there is none. */
export function valueAt(data: Json | undefined, path: EditPath): Json | undefined {
  let value = data;
  for (const step of path) {
    if (isList(value)) value = typeof step === 'number' ? value[step] : undefined;
    else if (isMap(value)) value = Object.hasOwn(value, String(step)) ? value[String(step)] : undefined;
    else return undefined;
  }
  return value;
}

/** A value with nothing around it but the places named: `[0, 'a']` and 1 give `[{ a: 1 }]`. */
export function nested(path: EditPath, value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number' && step > 0 && Number.isFinite(step)) {
    throw new NoSuchPlace(`there is no list yet that could have an item ${step}: begin it with [+]`);
  }
  const inner = nested(rest, value);
  return typeof step === 'number' ? [inner] : { [step]: inner };
}

function withValue(data: Json, path: EditPath, value: Json, above: EditPath = []): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const here = formatEditPath(above) || 'the file';
  const into = (inner: Json | undefined): Json =>
    inner === undefined || inner === null
      ? nested(rest, value)
      : withValue(inner, rest, value, [...above, step]);
  if (isList(data)) {
    if (typeof step !== 'number') throw new NoSuchPlace(`${here} is a list: name an item, like ${here}[0]`);
    const index = Math.min(step, data.length);
    if (step !== index && Number.isFinite(step)) throw new NoSuchPlace(tooFar(here, data.length));
    return [...data.slice(0, index), into(data[index]), ...data.slice(index + 1)];
  }
  if (!isMap(data)) throw new NoSuchPlace(`${here} is a value: nothing can stand below it`);
  if (typeof step === 'number') throw new NoSuchPlace(`${here} is no list`);
  return { ...data, [step]: into(Object.hasOwn(data, step) ? data[step] : undefined) };
}

function tooFar(where: string, count: number): string {
  const has = count === 0 ? 'has no item' : `has items 0 to ${count - 1}`;
  return `${where} ${has}: name one of them, or add one as ${where}[+]`;
}

/** Undefined when nothing is left: a map goes with its last key. */
function without(data: Json, path: EditPath): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return undefined;
  if (isList(data)) {
    if (typeof step !== 'number' || step >= data.length) return data;
    const inner = without(data[step]!, rest);
    if (inner === undefined && rest.length > 0) return data.with(step, {});
    return inner === undefined ? data.toSpliced(step, 1) : data.with(step, inner);
  }
  if (!isMap(data) || !Object.hasOwn(data, String(step))) return data;
  const inner = without(data[String(step)]!, rest);
  if (inner !== undefined) return { ...data, [String(step)]: inner };
  const { [String(step)]: _gone, ...left } = data;
  return Object.keys(left).length > 0 ? left : undefined;
}
