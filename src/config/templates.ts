import { didYouMean } from '../lib/near.ts';
import type { Finding } from './load.ts';
import type { Config, TemplateConfig } from './schema.ts';

/**
 * Templates, as `tc=` of a bootptab: a host or network takes what it does not say itself from its templates, of which the
 * later wins over the earlier, and a template from templates of its own. Options are put together code by code, tags added
 * up.
 */

type Templates = Config['templates'];

/** Where a template is asked for: of it, and of which list item. */
type Use = { readonly path: readonly PropertyKey[]; readonly name: string };

/** Names of templates that do not exist, and circles. */
export function checkTemplates(config: Config): Finding[] {
  const { templates, networks, hosts } = config;
  const names = Object.keys(templates);
  const uses: Use[] = [
    ...networks.flatMap(({ template }, i) => usesOf(template, ['networks', i, 'template'])),
    ...hosts.flatMap(({ template }, i) => usesOf(template, ['hosts', i, 'template'])),
    ...names.flatMap((name) => usesOf(templates[name]?.template, ['templates', name, 'template'])),
  ];
  const unknown = uses.filter(({ name }) => !names.includes(name));
  const circles = names.flatMap((name): Finding[] => {
    const circle = circleFrom(templates, name);
    if (!circle) return [];
    return [
      { path: ['templates', name, 'template'], message: `leads back to itself: ${circle.join(' -> ')}` },
    ];
  });
  return [
    ...unknown.map(({ path, name }) => ({ path, message: `no such template${didYouMean(name, names)}` })),
    ...circles,
  ];
}

/** Hosts and networks with everything that they inherit. `config` has passed {@link checkTemplates}. */
export function withTemplates(config: Config): Config {
  const { templates } = config;
  const done = new Map<string, TemplateConfig>();
  const inherit = <T extends TemplateConfig>(entry: T): T =>
    entry.template === undefined ? entry : over(inherited(templates, entry.template, done), entry);
  return { ...config, networks: config.networks.map(inherit), hosts: config.hosts.map(inherit) };
}

function usesOf(names: readonly string[] | undefined, path: readonly PropertyKey[]): Use[] {
  return (names ?? []).map((name, i) => ({ path: [...path, i], name }));
}

/** The way from a template back to itself, if there is one: the shortest. */
function circleFrom(templates: Templates, start: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [start];
  for (const name of open) {
    for (const next of ownTemplate(templates, name)?.template ?? []) {
      if (next === start) return [...wayTo(cameFrom, name), next];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      open.push(next);
    }
  }
  return undefined;
}

/** From the start of a search to `name`, both included. */
function wayTo(cameFrom: ReadonlyMap<string, string>, name: string): string[] {
  const way = [name];
  for (let before = cameFrom.get(name); before !== undefined; before = cameFrom.get(before))
    way.unshift(before);
  return way;
}

function ownTemplate(templates: Templates, name: string): TemplateConfig | undefined {
  return Object.hasOwn(templates, name) ? templates[name] : undefined;
}

/** What the templates of these names come to. `done` holds those put together already: each is, once. */
function inherited(
  templates: Templates,
  names: readonly string[],
  done: Map<string, TemplateConfig>,
): TemplateConfig {
  return names.reduce<TemplateConfig>((below, name) => {
    const template = ownTemplate(templates, name);
    if (!template) return below;
    const whole = done.get(name) ?? over(inherited(templates, template.template ?? [], done), template);
    done.set(name, whole);
    return over(below, whole);
  }, {});
}

/** `entry` over what it inherits. */
function over<T extends TemplateConfig>(below: TemplateConfig, entry: T): T {
  const codes = new Set(entry.options?.map(({ code }) => code));
  const options = [
    ...(below.options?.filter(({ code }) => !codes.has(code)) ?? []),
    ...(entry.options ?? []),
  ];
  const tags = [...new Set([...(below.tags ?? []), ...(entry.tags ?? [])])];
  return {
    ...below,
    ...entry,
    ...(options.length > 0 && { options }),
    ...(tags.length > 0 && { tags }),
  };
}
