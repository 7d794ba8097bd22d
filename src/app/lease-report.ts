import type { ExportFormat, Lease, LeaseQuery, PastLease } from '../server/control/lease-routes.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import type { LeasePlace } from './lease-place.ts';
import { formatAge } from './output/age.ts';
import { printJson } from './output/json.ts';
import { type Column, harmless, printTable } from './output/table.ts';

type Asked = { readonly json?: boolean };
type Io = ReportIo & { /** Ms since 1970. */ readonly now: () => number };

/** What `--state` takes. */
export const LEASE_STATES = [
  'bound',
  'expired',
  'offered',
  'probing',
  'released',
  'abandoned',
  'live',
] as const;

/** `pxectl leases list`. */
export async function reportLeases(
  place: LeasePlace,
  { json, ...query }: Asked & LeaseQuery,
  { out, now }: Io,
): Promise<number> {
  const list = await place.list(query);
  if (json) printJson(out, { total: list.total, leases: list.leases });
  else printTable(out, list.leases, { columns: leaseColumns(now()), none: 'no leases' });
  return EXIT.OK;
}

/** `pxectl leases show`. */
export async function reportLease(
  place: LeasePlace,
  { json, who }: Asked & { readonly who: string },
  { out, now }: Io,
): Promise<number> {
  const found = await place.one(who);
  if (json) {
    printJson(out, found);
    return EXIT.OK;
  }
  for (const lease of found.leases) out.write(`${leaseLines(lease, now()).join('\n')}\n`);
  if (found.leases.length === 0) out.write(`${harmless(who)} has no lease\n`);
  for (const { mac, address, hostname } of found.reservations) {
    const reserved = [address ?? 'any address', mac && `for ${mac}`, hostname && `named ${hostname}`];
    out.write(`reserved    ${harmless(reserved.filter((word) => word !== undefined).join(' '))}\n`);
  }
  if (found.history.length > 0) {
    out.write('\nBefore:\n');
    printTable(out, found.history, { columns: PAST_COLUMNS });
  }
  return EXIT.OK;
}

/** `pxectl leases history`. */
export async function reportHistory(
  place: LeasePlace,
  { json, limit, who }: Asked & { readonly limit: number; readonly who?: string },
  { out }: Io,
): Promise<number> {
  const found = await place.history(limit, who);
  if (json) printJson(out, found);
  else printTable(out, found.history, { columns: PAST_COLUMNS, none: 'nothing is remembered' });
  return EXIT.OK;
}

/** `pxectl leases release`. */
export async function reportRelease(
  place: LeasePlace,
  { json, who }: Asked & { readonly who: string },
  { out }: Io,
): Promise<number> {
  const result = await place.release(who);
  if (json) printJson(out, result);
  else {
    for (const { ip, mac } of result.released) {
      out.write(harmless(`${ip}${mac === undefined ? '' : ` of ${mac}`} is free again`));
      out.write('\n');
    }
  }
  return EXIT.OK;
}

/** `pxectl leases export`. */
export async function reportExport(
  place: LeasePlace,
  { format }: { readonly format: ExportFormat },
  { out }: Io,
): Promise<number> {
  const decoder = new TextDecoder();
  for await (const octets of await place.export(format)) out.write(decoder.decode(octets, { stream: true }));
  return EXIT.OK;
}

function leaseColumns(now: number): Column<Lease>[] {
  return [
    { title: 'ADDRESS', of: ({ ip }) => ip },
    { title: 'STATE', of: ({ state }) => state },
    { title: 'MAC', of: ({ mac }) => mac },
    { title: 'HOSTNAME', of: ({ hostname }) => hostname },
    { title: 'NETWORK', of: ({ network }) => network },
    { title: 'EXPIRES', of: (lease) => expiry(lease, now) },
  ];
}

const PAST_COLUMNS: readonly Column<PastLease>[] = [
  { title: 'FROM', of: ({ began }) => moment(began) },
  { title: 'UNTIL', of: ({ ended }) => moment(ended) },
  { title: 'ADDRESS', of: ({ ip }) => ip },
  { title: 'MAC', of: ({ mac }) => mac },
  { title: 'HOSTNAME', of: ({ hostname }) => hostname },
  { title: 'ENDED BY', of: ({ why }) => ENDINGS[why] },
];

const ENDINGS: Readonly<Record<PastLease['why'], string>> = {
  expired: 'its time',
  released: 'a release',
  declined: 'a conflict',
  moved: 'another address',
  replaced: 'another client',
};

function leaseLines(lease: Lease, now: number): string[] {
  const { ip, state, mac, hostname, network, kind, since, relay, clientId, arch } = lease;
  const told: [string, string | undefined][] = [
    ['address', ip],
    ['state', `${state} since ${moment(since)}`],
    ['expires', expiry(lease, now)],
    ['mac', mac],
    ['hostname', hostname],
    ['network', network],
    ['kind', kind],
    ['relay', relay],
    ['client id', clientId],
    ['arch', arch],
  ];
  return told.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key.padEnd(10)}  ${harmless(value)}`],
  );
}

/** `in 3h 12m`, `2d ago`; what is over already says nothing. */
function expiry({ state, expiresAt }: Lease, now: number): string | undefined {
  if (state === 'released') return undefined;
  if (expiresAt === undefined) return 'never';
  const seconds = (Date.parse(expiresAt) - now) / 1000;
  return seconds >= 0 ? `in ${formatAge(seconds)}` : `${formatAge(-seconds)} ago`;
}

/** `2026-11-20 16:42:07Z`: one line of a table, and the same for every reader. */
function moment(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}
