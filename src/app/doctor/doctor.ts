import { resolve } from 'node:path';
import { defaultConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { loadNetwork } from '../../net/load.ts';
import { createControlClient } from '../control-client.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson } from '../output/json.ts';
import { harmless } from '../output/table.ts';
import { readConfig } from '../read-config.ts';
import type { Status } from '../status-shape.ts';
import { checkClock } from './check-clock.ts';
import { checkDisk } from './check-disk.ts';
import { checkRootFiles } from './check-files.ts';
import { checkFirewall } from './check-firewall.ts';
import { checkLinks } from './check-links.ts';
import { checkPorts } from './check-ports.ts';
import { checkRights } from './check-rights.ts';
import { checkRunning } from './check-running.ts';
import { checkSelinux } from './check-selinux.ts';
import { type AskForServers, checkServers } from './check-servers.ts';
import { checkSurroundings } from './check-surroundings.ts';
import type { Finding, Severity } from './finding.ts';
import { type Look, lookAround } from './look.ts';
import type { Patient } from './patient.ts';
import { searchServers } from './search-servers.ts';

export type DoctorQuestion = {
  /** Names, `eth0` or `eth0,eth1`. */
  readonly interfaces?: string;
  readonly root?: string;
  /** A configuration file. */
  readonly config?: string;
  readonly mode?: Config['mode'];
  /** Control socket of a pxed that may run. */
  readonly socket: string;
  /** Sends nothing: other DHCP servers are not looked for. */
  readonly quiet?: boolean;
  readonly json?: boolean;
};

export type DoctorIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Throws what node:fs throws. */
  readonly readText: (file: string) => string;
};

/**
 * `pxectl doctor`: looks at everything on this machine and its network that keeps machines from booting. A pxed need not run. Resolves
 * to the exit code: 0 when nothing is wrong (warnings do not count), 1 when a machine will not boot, 2 for a wrong
 * configuration.
 */
export async function reportDoctor(question: DoctorQuestion, io: DoctorIo): Promise<number> {
  const config = question.config === undefined ? defaultConfig() : readConfig(question.config, io.readText);
  if (Array.isArray(config)) {
    for (const problem of config) io.err.write(`pxectl: ${problem}\n`);
    return EXIT.USAGE;
  }
  const look = await lookAround();
  const client = createControlClient({ socket: question.socket });
  const { status, findings } = await checkRunning(async () => (await client.get('/api/v1/status')) as Status);
  const patient = patientOf(question, { config, look, status });
  const found = [
    ...findings,
    ...(await examine(patient, look, question.quiet ? undefined : askNetwork(look))),
  ];
  if (question.json)
    printJson(io.out, { interfaces: patient.interfaces, root: patient.root, findings: found });
  else io.out.write(findingsText(found));
  return found.some(({ severity }) => severity === 'problem') ? EXIT.START : EXIT.OK;
}

/** Every check, the ones whose findings explain others first. */
async function examine(patient: Patient, look: Look, ask: AskForServers | undefined): Promise<Finding[]> {
  return [
    ...checkLinks(patient, look),
    ...checkRights(patient, look),
    ...checkPorts(patient, look),
    ...(await checkFirewall(patient, look)),
    ...(ask ? await checkServers(patient, ask) : []),
    ...(await checkSurroundings(patient, look)),
    ...(await checkSelinux(patient, look)),
    ...(await checkRootFiles(patient, () => performance.now())),
    ...checkDisk(patient, look),
    ...(await checkClock(look)),
  ];
}

type Known = { readonly config: Config; readonly look: Look; readonly status: Status | undefined };

/** What was named counts, then what the configuration says, then what a pxed that runs serves. */
function patientOf(
  { interfaces: named, root: given, mode: wanted, config: file }: DoctorQuestion,
  known: Known,
): Patient {
  const { config, look, status } = known;
  const theirs = file === undefined && named === undefined ? status : undefined;
  const served = theirs?.interfaces.map(({ name }) => name);
  const usual = look.interfaces.filter(({ loopback, up }) => !loopback && up).map(({ name }) => name);
  const interfaces = named?.split(',').filter((name) => name !== '') ?? config.interfaces ?? served ?? usual;
  const root = given ?? config.tftp.root ?? theirs?.root;
  const mode = wanted ?? (theirs && isMode(theirs.mode) ? theirs.mode : config.mode);
  return {
    config: { ...config, mode },
    interfaces,
    links: interfaces.flatMap((name) => look.interfaces.filter((one) => one.name === name)),
    ...(root !== undefined && { root: resolve(root) }),
    ...(status && { running: { pid: status.pid } }),
  };
}

function isMode(text: string): text is Config['mode'] {
  return text === 'auto' || text === 'dhcp' || text === 'proxy' || text === 'off';
}

function askNetwork({ interfaces }: Look): AskForServers {
  return async (names) => {
    const network = await loadNetwork();
    if (!network.canSendRaw) throw new Error('these sockets send no frames');
    return searchServers({
      network,
      links: interfaces.filter(({ name }) => names.includes(name)),
      now: () => performance.now(),
      random: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
    });
  };
}

const MARKS: Readonly<Record<Severity, string>> = {
  ok: 'ok',
  warning: 'WARNING',
  problem: 'PROBLEM',
  unknown: 'unknown',
};
/** What keeps machines from booting comes first. */
const ORDER: readonly Severity[] = ['problem', 'warning', 'unknown', 'ok'];

/** For people: the worst first, each with what to do. */
export function findingsText(findings: readonly Finding[]): string {
  const sorted = ORDER.flatMap((severity) => findings.filter((one) => one.severity === severity));
  return sorted
    .map(({ severity, code, text, fix }) => {
      const line = `${MARKS[severity].padEnd(8)} ${code}: ${harmless(text)}\n`;
      return fix === undefined ? line : `${line}${' '.repeat(9)}${harmless(fix)}\n`;
    })
    .join('');
}
