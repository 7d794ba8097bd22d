import type { Change } from '../config/edit-json.ts';
import { type Json, parseEditPath } from '../config/edit-path.ts';
import { isTooDeep } from '../config/nesting.ts';
import { ControlError } from '../server/control/control-error.ts';

/** Places and values as they come in JSON: values first, then what is to go. Throws ControlError. */
export function changesOf(asked: {
  readonly set?: { readonly [place: string]: unknown } | undefined;
  readonly unset?: readonly string[] | undefined;
}): Change[] {
  const { set = {}, unset = [] } = asked;
  if (isTooDeep(set))
    throw new ControlError(400, 'too-deep', 'No value of a configuration is nested so deep');
  return [
    ...Object.entries(set).map(([place, value]) => ({ path: pathOf(place), value: value as Json })),
    ...unset.map((place) => ({ path: pathOf(place), unset: true as const })),
  ];
}

function pathOf(place: string): Change['path'] {
  const parsed = parseEditPath(place);
  if (parsed.ok) return parsed.path;
  throw new ControlError(400, 'bad-path', parsed.message);
}
