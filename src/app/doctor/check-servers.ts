import { formatIpv4 } from '../../lib/ipv4.ts';
import { type Finding, good, problem, unknown, warning } from './finding.ts';
import { type Patient, servesDhcp } from './patient.ts';
import type { Found } from './search-servers.ts';

/** Asks interfaces by name; rejects where that is not allowed. */
export type AskForServers = (interfaces: readonly string[]) => Promise<readonly Found[]>;

/** Who else answers DHCP there: two that give addresses take machines from one another. */
export async function checkServers(patient: Patient, ask: AskForServers): Promise<Finding[]> {
  const names = patient.links
    .filter(({ up, running, loopback }) => up && running && !loopback)
    .map(({ name }) => name);
  if (!servesDhcp(patient) || names.length === 0) return [];
  let found: readonly Found[];
  try {
    found = await ask(names);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      unknown(
        'other-servers',
        `the network cannot be asked for other DHCP servers: ${why}`,
        'Run the doctor as root',
      ),
    ];
  }
  const others = found.filter(({ own }) => !own);
  const told = others.flatMap((one) => findingOf(one, patient));
  const { mode } = patient.config;
  const beside = others.some(({ server }) => server.kind === 'address');
  if (mode === 'proxy' && !beside) {
    const text = `nobody on ${names.join(', ')} gives addresses, and in mode proxy pxed leaves that to another server`;
    told.push(problem('no-server', text, 'Start that server, or let pxed give them: --mode dhcp'));
  }
  return told.length > 0
    ? told
    : [good('other-servers', `no other DHCP server answers on ${names.join(', ')}`)];
}

function findingOf({ interface: name, server }: Found, { config: { mode } }: Patient): Finding[] {
  const { kind, ip, mac, offered, file } = server;
  const who = `${formatIpv4(ip)}${mac === undefined ? '' : ` (${mac})`} on ${name}`;
  const what = [
    ...(offered === undefined ? [] : [`offers ${formatIpv4(offered)}`]),
    ...(file ? [`names the file ${file}`] : []),
  ].join(' and ');
  if (kind === 'boot') {
    const text = `${who} tells machines what to boot${file ? ` (${file})` : ''}: which answer a machine takes is chance`;
    return [warning('other-boot-server', text, 'Stop it, or have each of the two answer other machines')];
  }
  if (mode === 'dhcp') {
    const text = `${who} gives addresses, too${what ? `: it ${what}` : ''}; machines take either answer`;
    return [
      problem(
        'other-server',
        text,
        'Stop it, or leave the addresses to it: --mode proxy (auto does by itself)',
      ),
    ];
  }
  const conflict = file ? `, and names a file itself (${file}): some firmware takes that one` : '';
  const text = `${who} gives the addresses; pxed boots its machines as proxyDHCP${conflict}`;
  return conflict
    ? [warning('other-server', text, 'Have that server name no file (options 66 and 67, next-server)')]
    : [good('other-server', text)];
}
