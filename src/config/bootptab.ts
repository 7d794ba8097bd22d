import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { nearNames } from '../lib/near.ts';
import { type Entry, type Field, readEntries } from './bootptab-fields.ts';
import { type BootptabHost, hostOf } from './bootptab-host.ts';
import { TAG_TABLE } from './bootptab-table.ts';
import { type Names, parseAnyIpv4, readGeneric, readTagValue, type TagValue } from './bootptab-values.ts';
import type { Problem } from './load.ts';

export type BootptabOptions = {
  /** Named in problems. */
  readonly file: string;
  /** What /etc/hosts and /etc/ethers know. Names of entries with an address are known without. */
  readonly names: Names;
  /** East of UTC, for `to=auto`. */
  readonly zoneSeconds: number;
};

export type BootptabRead =
  | { readonly ok: true; readonly value: readonly BootptabHost[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What an entry says, its templates included: tag -> value and the line it stands in. */
export type Tags = ReadonlyMap<string, { readonly value: TagValue; readonly line: number }>;

/** One entry with everything it inherits. */
export type Resolved = { readonly name: string; readonly line: number; readonly tags: Tags };

/**
 * Reads a bootptab(5), the host list of CMU's bootpd, 2.4.3 and its kin. Never throws: every mistake comes at once, each
 * with its line.
 *
 * Entries inherit from entries above by `tc=`; what they say themselves wins, wherever it stands; `tag@` takes an
 * inherited tag away. Addresses (`ip`, `ha`) are nobody's but the entry's own. Entries whose name begins with a dot, and
 * those without a hardware address that others inherit from, are templates.
 *
 * ```ts
 * readBootptab('node1:ha=525400123456:ip=10.0.0.9:bf=vmunix:', { file: 'bootptab', names, zoneSeconds: 0 });
 * ```
 */
export function readBootptab(text: string, options: BootptabOptions): BootptabRead {
  const { entries, problems: outer } = readEntries(text);
  const problems: Problem[] = outer.map((problem) => ({ file: options.file, path: '', ...problem }));
  const report: Report = (line, path, message) => problems.push({ file: options.file, line, path, message });
  const names = withOwnNames(entries, options.names);
  const known = new Map<string, Resolved>();
  const parents = new Set<string>();
  const faulty = new Set<Resolved>();
  for (const entry of entries) {
    if (known.has(entry.name)) report(entry.line, entry.name, 'there is an entry of that name above');
    const before = problems.length;
    const resolved = { ...entry, tags: resolve(entry, { known, parents, names, report }) };
    known.set(entry.name, resolved);
    if (problems.length > before) faulty.add(resolved);
  }
  const hosts: BootptabHost[] = [];
  for (const resolved of known.values()) {
    // What is said of a faulty entry is enough: the rest of it would only follow from that.
    if (resolved.name.startsWith('.') || faulty.has(resolved)) continue;
    const host = hostOf(resolved, { ...options, names });
    if (host.ok) hosts.push(host.value);
    else if (!parents.has(resolved.name) || resolved.tags.has('ha')) {
      report(resolved.tags.get('ha')?.line ?? resolved.line, resolved.name, host.reason);
    }
  }
  for (const { host, message } of sameMachines(hosts)) report(host.line, host.name, message);
  problems.sort((a, b) => a.line - b.line);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: hosts };
}

type Report = (line: number, path: string, message: string) => void;

/** Two entries of one machine are for two networks; in one network only one of them can be meant. */
function sameMachines(hosts: readonly BootptabHost[]): { host: BootptabHost; message: string }[] {
  const byMac = new Map<string, BootptabHost[]>();
  const byAddress = new Map<Ipv4, BootptabHost>();
  return hosts.flatMap((host) => {
    const key = `${host.htype} ${host.mac}`;
    const before = byMac.get(key) ?? [];
    byMac.set(key, [...before, host]);
    const twin = before.find((other) => !inOtherNetwork(host, other));
    const holder = host.address === undefined ? undefined : byAddress.get(host.address);
    if (host.address !== undefined && !holder) byAddress.set(host.address, host);
    return [
      ...(twin ? [{ host, message: `has the hardware address of ${twin.name} (line ${twin.line})` }] : []),
      ...(holder ? [{ host, message: `has the address of ${holder.name} (line ${holder.line})` }] : []),
    ];
  });
}

function inOtherNetwork(host: BootptabHost, other: BootptabHost): boolean {
  const mask = host.mask ?? other.mask;
  if (mask === undefined || host.address === undefined || other.address === undefined) return false;
  return (host.address & mask) !== (other.address & mask);
}

/** Names of the file's own entries that have an address in digits. */
function withOwnNames(entries: readonly Entry[], names: Names): Names {
  const own = new Map<string, Ipv4>();
  for (const { name, fields } of entries) {
    for (const { text } of fields) {
      const address = parseAnyIpv4(/^\s*ip\s*=\s*(\S+)\s*$/.exec(text)?.[1] ?? '');
      if (address !== undefined) own.set(name.toLowerCase(), address);
    }
  }
  return {
    address: (name) => own.get(name.toLowerCase()) ?? names.address(name),
    hardware: (name): Mac | undefined => names.hardware(name),
  };
}

type Scope = {
  readonly known: ReadonlyMap<string, Resolved>;
  /** Names of entries that others inherit from; filled here. */
  readonly parents: Set<string>;
  readonly names: Names;
  readonly report: Report;
};

const FIELD = /^\s*(T\s*\d{1,5}|[A-Za-z]{2})\s*(@|=|)([\s\S]*)$/;

/** A machine's own; nobody inherits them. */
const OWN_TAGS: readonly string[] = ['ha', 'ip'];

function resolve(entry: Entry, scope: Scope): Tags {
  const own = new Map<string, { value: TagValue; line: number }>();
  const inherited = new Map<string, { value: TagValue; line: number }>();
  for (const field of entry.fields) {
    const parts = FIELD.exec(field.text);
    const tag = parts?.[1]?.replace(/\s/g, '') ?? '';
    const operator = parts?.[2];
    const problem = (message: string) => scope.report(field.line, `${entry.name}:${tag}`, message);
    if (!parts || (operator !== '=' && parts[3]!.trim() !== '')) {
      const shown = field.text
        .trim()
        .slice(0, 40)
        .replace(/[^\x20-\x7e]/g, '?');
      scope.report(field.line, entry.name, `expected tag=value, tag or tag@, got "${shown}"`);
    } else if (operator === '@') {
      own.delete(tag);
      inherited.delete(tag);
    } else if (tag === 'tc') {
      const parent =
        scope.known.get(writtenIn(field)?.text ?? '') ?? byAddress(scope, writtenIn(field)?.text);
      if (!parent) problem(`there is no entry "${writtenIn(field)?.text ?? ''}" above`);
      else inherit(parent, { own, inherited, scope });
    } else {
      const value = readField(tag, field, scope.names);
      if (value.ok) own.set(tag, { value: value.value, line: field.line });
      else problem(value.reason);
    }
  }
  return new Map([...inherited, ...own]);
}

function inherit(
  parent: Resolved,
  {
    own,
    inherited,
    scope,
  }: { own: Tags; inherited: Map<string, { value: TagValue; line: number }>; scope: Scope },
): void {
  scope.parents.add(parent.name);
  for (const [tag, said] of parent.tags) {
    if (!own.has(tag) && !inherited.has(tag) && !OWN_TAGS.includes(tag)) inherited.set(tag, said);
  }
}

/** `tc` may name an entry by its address. */
function byAddress({ known }: Scope, text = ''): Resolved | undefined {
  const wanted = parseAnyIpv4(text);
  if (wanted === undefined) return undefined;
  return [...known.values()].find(({ tags }) => {
    const value = tags.get('ip')?.value;
    return value?.kind === 'addresses' && value.addresses[0] === wanted;
  });
}

function readField(tag: string, field: Field, names: Names): ReturnType<typeof readTagValue> {
  const written = writtenIn(field);
  if (tag.startsWith('T')) {
    const code = Number(tag.slice(1));
    if (code < 1 || code > 254) return { ok: false, reason: 'option numbers are 1 to 254' };
    if (OWN_OPTIONS.has(code)) return { ok: false, reason: 'pxed sets this option itself' };
    return written ? readGeneric(written) : { ok: false, reason: 'needs a value: Tn=value' };
  }
  const row = Object.hasOwn(TAG_TABLE, tag) ? TAG_TABLE[tag] : undefined;
  if (row) return readTagValue(row, written, names);
  const near = nearNames(tag, Object.keys(TAG_TABLE), 2).filter((name) => name[0] === tag[0]);
  return { ok: false, reason: `no such tag${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}` };
}

/** Options that say who gives what to whom (RFC 2131 Table 3, RFC 3046). */
const OWN_OPTIONS: ReadonlySet<number> = new Set([50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82]);

/** What stands behind `=`, without the blanks around it unless they are quoted. */
function writtenIn({ text, quotedAt, quotedTo }: Field): { text: string; quoted: boolean } | undefined {
  const at = text.indexOf('=');
  if (at < 0) return undefined;
  const quoted = quotedAt > at && text.slice(at + 1, quotedAt).trim() === '';
  if (!quoted) return { text: text.slice(at + 1).trim(), quoted };
  return { text: text.slice(quotedAt, quotedTo) + text.slice(quotedTo).trimEnd(), quoted };
}
