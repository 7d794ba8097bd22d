import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import type { BootptabOptions, Resolved, Tags } from './bootptab.ts';
import { TAG_TABLE } from './bootptab-table.ts';
import type { TagValue } from './bootptab-values.ts';

/** A machine of a bootptab. Addresses are numbers, times seconds, sizes octets. */
export type BootptabHost = {
  readonly name: string;
  readonly line: number;
  /** `ht`; 1 is Ethernet. */
  readonly htype: number;
  readonly mac: Mac;
  /** `ip`, or the address of its name. Absent: from the pool. */
  readonly address?: Ipv4;
  /** `sm`. */
  readonly mask?: Ipv4;
  /** Told to the client: `hn`. */
  readonly hostname?: string;
  /** `bf`, below `hd` when it is no absolute path. */
  readonly file?: string;
  /** `hd`: where files lie that the client asks for by a relative name. */
  readonly home?: string;
  /** `sa`. */
  readonly nextServer?: Ipv4;
  /** `dl`. */
  readonly leaseSeconds?: number;
  /** `ms`: octets of a BOOTP reply. */
  readonly replySize?: number;
  /** `ra`: where BOOTP replies go. */
  readonly replyTo?: Ipv4;
  /** `mw`: younger BOOTP requests are not answered. */
  readonly minSeconds?: number;
  /** `vm`: the vendor area's layout, whatever the client's request has. */
  readonly vendor?: 'rfc1048' | 'cmu';
  /** `bs=auto`: option 13 is the boot file's size at the time. */
  readonly measured: boolean;
  readonly options: readonly { readonly code: number; readonly body: Uint8Array }[];
};

/** Hardware types whose addresses have six octets. */
const SIX_OCTETS: readonly number[] = [1, 6];

/** The machine that an entry describes, or why it describes none. */
export function hostOf({ name, line, tags }: Resolved, options: BootptabOptions): Decoded<BootptabHost> {
  const htype = numberOf(tags, 'ht') ?? 1;
  const mac = macOf(tags) ?? (SIX_OCTETS.includes(htype) ? options.names.hardware(name) : undefined);
  if (mac === undefined) return rejected('has no hardware address (ha), so no machine can match');
  const octets = (mac.length + 1) / 3;
  if (SIX_OCTETS.includes(htype) && octets !== 6) return rejected(`${mac} has ${octets} octets, not 6`);
  if (htype === 1 && Number.parseInt(mac.slice(0, 2), 16) % 2 === 1) {
    return rejected(`${mac} is a group address, which no machine has`);
  }
  const mask = addressOf(tags, 'sm');
  const address = addressOf(tags, 'ip') ?? options.names.address(name);
  const home = textOf(tags, 'hd')?.replace(/\/+$/, '');
  const file = fileOf(textOf(tags, 'bf'), home);
  if (new TextEncoder().encode(file ?? '').length > 127) {
    return rejected('bf: longer than the 127 octets of the header');
  }
  const cookie = textOf(tags, 'vm');
  const optional = {
    ...{ address, mask, home, hostname: tags.has('hn') ? name : undefined },
    file,
    nextServer: addressOf(tags, 'sa'),
    leaseSeconds: numberOf(tags, 'dl'),
    replySize: numberOf(tags, 'ms'),
    replyTo: addressOf(tags, 'ra'),
    minSeconds: numberOf(tags, 'mw'),
    vendor: cookie === undefined || cookie === 'auto' ? undefined : cookie === 'cmu' ? 'cmu' : 'rfc1048',
  } as const;
  return ok({
    ...{ name, line, htype, mac },
    ...present(optional),
    measured: isAuto(tags, 'bs'),
    options: optionsOf(tags, options.zoneSeconds),
  });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** `hd=/usr/boot:bf=null` is /usr/boot/null; an absolute `bf` stands for itself. */
function fileOf(file: string | undefined, home: string | undefined): string | undefined {
  return file === undefined || home === undefined || file.startsWith('/') ? file : `${home}/${file}`;
}

/** Options in the order of their numbers; routers only with a mask (RFC 2132 §3.3: the mask comes first). */
function optionsOf(tags: Tags, zoneSeconds: number): { code: number; body: Uint8Array }[] {
  const options = new Map<number, Uint8Array>();
  for (const [tag, { value }] of tags) {
    const code = tag.startsWith('T') ? Number(tag.slice(1)) : TAG_TABLE[tag]?.option;
    const body = code === undefined ? undefined : bodyOf(code, value, zoneSeconds);
    // A tag with a name says more than a number.
    if (code !== undefined && body !== undefined && !(tag.startsWith('T') && options.has(code))) {
      options.set(code, body);
    }
  }
  return [...options].map(([code, body]) => ({ code, body })).sort((a, b) => a.code - b.code);
}

function bodyOf(code: number, value: TagValue, zoneSeconds: number): Uint8Array | undefined {
  switch (value.kind) {
    case 'octets':
      return value.body;
    case 'text':
      return new TextEncoder().encode(value.text);
    case 'addresses':
      return words(value.addresses);
    case 'number': {
      if (code === 2) return words([value.number === 'auto' ? zoneSeconds : value.number]);
      return value.number === 'auto' ? undefined : Uint8Array.of(value.number >> 8, value.number);
    }
    default:
      return undefined;
  }
}

/** Four octets each, most significant first. */
function words(numbers: readonly number[]): Uint8Array {
  const body = new DataView(new ArrayBuffer(numbers.length * 4));
  numbers.forEach((number, i) => {
    body.setUint32(i * 4, number);
  });
  return new Uint8Array(body.buffer);
}

function textOf(tags: Tags, tag: string): string | undefined {
  const value = tags.get(tag)?.value;
  return value?.kind === 'text' ? value.text : undefined;
}

function addressOf(tags: Tags, tag: string): Ipv4 | undefined {
  const value = tags.get(tag)?.value;
  return value?.kind === 'addresses' ? value.addresses[0] : undefined;
}

function numberOf(tags: Tags, tag: string): number | undefined {
  const value = tags.get(tag)?.value;
  return value?.kind === 'number' && value.number !== 'auto' ? value.number : undefined;
}

function isAuto(tags: Tags, tag: string): boolean {
  const value = tags.get(tag)?.value;
  return value?.kind === 'number' && value.number === 'auto';
}

function macOf(tags: Tags): Mac | undefined {
  const value = tags.get('ha')?.value;
  return value?.kind === 'hardware' ? value.mac : undefined;
}
