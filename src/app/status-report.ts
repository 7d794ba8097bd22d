import { formatBytes } from '../lib/size.ts';
import type { ControlClient } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import { formatAge } from './output/age.ts';
import { printJson } from './output/json.ts';
import { formatTable, harmless } from './output/table.ts';
import type { Change, Service, Status } from './status-shape.ts';

type Asked = { readonly json?: boolean };

/** `pxectl status`. */
export async function reportStatus(
  client: ControlClient,
  { json }: Asked,
  { out }: ReportIo,
): Promise<undefined> {
  const status = (await client.get('/api/v1/status')) as Status;
  if (json) printJson(out, status);
  else out.write(statusText(status, Date.now()));
}

/** `pxectl start`, `stop`, `restart`: 1 where the service does not come up. */
export async function reportChange(
  client: ControlClient,
  { service, verb, json }: Asked & { readonly service: string; readonly verb: 'start' | 'stop' | 'restart' },
  { out, err }: ReportIo,
): Promise<number> {
  const change = (await client.send('POST', `/api/v1/services/${service}/${verb}`)) as Change;
  const good = change.service.state === (verb === 'stop' ? 'halted' : 'running');
  if (json) printJson(out, change);
  else if (good) out.write(`${harmless(change.text)}\n`);
  else err.write(`pxectl: ${harmless(change.text)}\n`);
  return good ? EXIT.OK : EXIT.START;
}

/** `pxectl reload`. */
export async function reportReload(
  client: ControlClient,
  { json }: Asked,
  { out }: ReportIo,
): Promise<undefined> {
  const told = (await client.send('POST', '/api/v1/reload')) as { text: string };
  if (json) printJson(out, told);
  else out.write(`${harmless(told.text)}\n`);
}

/** For people; `now` in ms since 1970. */
export function statusText(status: Status, now: number): string {
  const { tool, version, mode, pid, startedAt, ready } = status;
  const title = `${tool} ${version}, mode ${mode}, pid ${pid}, up for ${age(startedAt, now)}`;
  const summary = summaryOf(status).map(([key, value]) => `${key.padEnd(10)}  ${harmless(value)}\n`);
  return [
    `${title}${ready ? '' : '; NOT READY'}\n`,
    formatTable(status.services, [
      { title: 'SERVICE', of: ({ name }) => name },
      { title: 'STATE', of: ({ state }) => state },
      { title: 'FOR', of: ({ since }) => age(since, now) },
      { title: 'RESTARTS', of: ({ restarts }) => restarts, align: 'right' },
      { title: 'REMARKS', of: remarks },
    ]),
    ...(status.interfaces.length > 0 ? [interfaceTable(status.interfaces)] : []),
    summary.join(''),
  ].join('\n');
}

function interfaceTable(interfaces: Status['interfaces']): string {
  return formatTable(interfaces, [
    { title: 'INTERFACE', of: ({ name }) => name },
    { title: 'ADDRESSES', of: ({ addresses }) => addresses.join(', ') || undefined },
    { title: 'MAC', of: ({ mac }) => mac },
    { title: 'MTU', of: ({ mtu }) => mtu, align: 'right' },
    { title: 'CARRIER', of: ({ carrier }) => (carrier ? 'yes' : 'no') },
    { title: 'ROLE', of: ({ role }) => role },
  ]);
}

function summaryOf({ root, profiles, leases, transfers, bytes, counters }: Status): [string, string][] {
  const count = (...types: string[]) => types.reduce((sum, type) => sum + (counters[type] ?? 0), 0);
  const told: [string, string | undefined][] = [
    ['root', root],
    ['profiles', profiles.length > 0 ? profiles.join(', ') : undefined],
    [
      'leases',
      leases && `${leases.bound} bound${leases.declined > 0 ? `, ${leases.declined} set aside` : ''}`,
    ],
    [
      'transfers',
      `${transfers} under way, ${count('tftp.done', 'http.done')} done, ${count('tftp.failed', 'http.failed')} failed`,
    ],
    ['sent', `${formatBytes(bytes.tftpSent)} by TFTP, ${formatBytes(bytes.httpSent)} by HTTP`],
    ['received', bytes.tftpReceived > 0 ? formatBytes(bytes.tftpReceived) : undefined],
    ['warnings', String(count('service.warning', 'service.failed'))],
  ];
  return told.filter((pair): pair is [string, string] => pair[1] !== undefined);
}

function remarks({ workers, lastError, detail }: Service): string | undefined {
  const told = [
    ...(detail === undefined ? [] : [detail]),
    ...(workers === undefined ? [] : [`${workers.length} workers`]),
    ...(lastError === undefined ? [] : [`last failure: ${lastError}`]),
  ];
  return told.length > 0 ? told.join('; ') : undefined;
}

function age(since: string, now: number): string {
  return formatAge((now - Date.parse(since)) / 1000);
}
