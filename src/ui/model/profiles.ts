/** A profile of the configuration, for people. */
export type ProfileRow = {
  readonly name: string;
  readonly title?: string;
  /** What it boots. */
  readonly boots: string;
  /** More of it: initrds, the command line. */
  readonly more: readonly string[];
  /** How often, and what comes after. */
  readonly once?: string;
};

/** Of the configuration in force, as the API tells it; what is not understood is left out, for a newer pxed may know more. */
export function profilesOf(effective: Readonly<Record<string, unknown>>): ProfileRow[] {
  const profiles = fieldsOf(effective.profiles);
  return Object.entries(profiles).map(([name, value]) => rowOf(name, fieldsOf(value)));
}

type Fields = Readonly<Record<string, unknown>>;

function rowOf(name: string, profile: Fields): ProfileRow {
  const title = textOf(profile.title);
  const once = onceOf(profile);
  return {
    name,
    ...(title !== undefined && { title }),
    ...whatOf(profile),
    ...(once !== undefined && { once }),
  };
}

function whatOf(profile: Fields): Pick<ProfileRow, 'boots' | 'more'> {
  const kernel = textOf(profile.kernel);
  if (kernel !== undefined) {
    return {
      boots: kernel,
      more: [...textsOf(profile.initrd), textOf(profile.args) ?? ''].filter((text) => text !== ''),
    };
  }
  const loader = textOf(profile.loader);
  if (loader !== undefined) return { boots: loader, more: [] };
  if (Array.isArray(profile.menu)) {
    const lines = profile.menu.map((line) => textOf(line) ?? textOf(fieldsOf(line).profile) ?? '');
    return { boots: 'a menu', more: [lines.join(', ')] };
  }
  return { boots: profile.local === true ? 'its own disk' : '', more: [] };
}

function onceOf({ once, then }: Fields): string | undefined {
  const after = textOf(then) ?? 'local';
  switch (once) {
    case 'never':
      return `never offered; ${after} is, in its place`;
    case 'until-fetched':
      return `until the machine has its files, then ${after}`;
    case 'until-reported':
      return `until its installer says that it is done, then ${after}`;
    default:
      return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string');
  return typeof value === 'string' ? [value] : [];
}
