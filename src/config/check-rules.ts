import { didYouMean } from '../lib/near.ts';
import { checkLeases, rangesOf } from './check-networks.ts';
import type { Finding, Path } from './load.ts';
import type { Config, RuleConfig } from './schema.ts';

/** Rules that say nothing, that nobody reaches, or that ask for what does not exist. */
export function checkRules(rules: readonly RuleConfig[], archNames: readonly string[]): Finding[] {
  const last = rules.findIndex(({ match, then }) => Object.keys(match).length === 0 && !then.continue);
  return rules.flatMap(({ match, then }, index) => {
    const at = ['rules', index];
    const findings: Finding[] = [...checkLeases(then, [...at, 'then'])];
    if (last >= 0 && index > last) {
      findings.push({ path: at, message: `is never reached: rules[${last}] is about everybody` });
    }
    for (const [key, values] of Object.entries(match)) {
      if (values?.length === 0)
        findings.push({ path: [...at, 'match', key], message: 'needs at least one value' });
    }
    for (const [i, name] of (match.arch ?? []).entries()) {
      findings.push(...checkArchName(String(name), archNames, [...at, 'match', 'arch', i]));
    }
    if (Object.keys(then).every((key) => key === 'continue')) {
      findings.push({ path: [...at, 'then'], message: 'says nothing: give it a filename, options, tags, …' });
    }
    return findings;
  });
}

/** A name of option 93's table, or a number. */
export function checkArchName(name: string, names: readonly string[], path: Path): Finding[] {
  const isKnown = names.some((known) => known.toLowerCase() === name.toLowerCase());
  if (isKnown || (/^\d{1,5}$/.test(name) && Number(name) <= 0xffff)) return [];
  return [
    { path, message: `no such architecture${didYouMean(name, names, `; known are ${names.join(', ')}`)}` },
  ];
}

/** Tags that clients have without anybody's saying so. */
const GIVEN = ['known', 'unknown', 'bootp'];

/** A tag that is asked for and that nobody is given: a slip of the pen, which would close a pool for ever. */
export function checkTags({ networks, hosts, rules }: Config): Finding[] {
  const given = new Set([
    ...GIVEN,
    ...[...networks, ...hosts, ...rules.map(({ then }) => then)].flatMap(({ tags }) => tags ?? []),
  ]);
  const asked: { tag: string; path: Path }[] = [
    ...rules.flatMap(({ match }, i) =>
      (match.tag ?? []).map((tag, j) => ({ tag, path: ['rules', i, 'match', 'tag', j] })),
    ),
    ...networks.flatMap(({ range }, i) =>
      rangesOf(range ?? []).flatMap(({ allow, deny, path }) =>
        [...(allow ?? []), ...(deny ?? [])].map((tag) => ({ tag, path: ['networks', i, 'range', path[0]!] })),
      ),
    ),
  ];
  return asked
    .filter(({ tag }) => !given.has(tag))
    .map(({ tag, path }) => ({
      path,
      message: `no network, host or rule gives the tag "${tag}"${didYouMean(tag, given)}`,
    }));
}
