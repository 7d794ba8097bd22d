import { formatIpv4 } from '../lib/ipv4.ts';
import { ControlError } from '../server/control/control-error.ts';
import type { Change, Service, ServiceOperations, Status } from '../server/control/service-routes.ts';
import type { ControlParts } from './control-parts.ts';
import type { ServiceChange, ServiceState } from './service-state.ts';
import { serviceOf } from './supervisor.ts';

/** `status`, `start`, `stop`, `restart` and `reload` of a pxed that runs. */
export function serviceOperations(parts: ControlParts): ServiceOperations {
  const { supervisor, composed } = parts;
  const act =
    (verb: 'start' | 'stop' | 'restart') =>
    async (service: string, user: string): Promise<Change> => {
      if (!supervisor.services.includes(service)) {
        throw new ControlError(
          404,
          'no-such-service',
          `There is no service ${service}; there is ${supervisor.services.join(', ')}`,
        );
      }
      parts.bus.emit({ type: 'service.asked', service, action: verb, user });
      return changeOf(verb, service, await supervisor[verb](service));
    };
  return {
    start: act('start'),
    stop: act('stop'),
    restart: act('restart'),
    status: () => statusOf(parts),
    reload(user) {
      if (parts.configFile === undefined) {
        throw new ControlError(409, 'no-configuration', 'pxed was started without a configuration file');
      }
      parts.bus.emit({ type: 'service.asked', service: composed.setup.tool, action: 'reload', user });
      const outcome = parts.reload();
      if (outcome.applied) return { text: 'the new configuration is in force' };
      const { problems, needsRestart } = outcome;
      const why =
        needsRestart.length > 0 ? `${needsRestart.join(', ')} can only change with a restart` : problems[0];
      const message = `The configuration was not changed: ${why}`;
      throw new ControlError(422, needsRestart.length > 0 ? 'needs-restart' : 'bad-configuration', message, {
        problems,
        needsRestart,
      });
    },
  };

  async function statusOf({
    version,
    startedAt,
    counts,
    composed: { inside },
  }: ControlParts): Promise<Status> {
    const { setup } = composed;
    const { links, root } = inside.facts();
    const states = supervisor.states();
    const transfers = await inside.transfers();
    return {
      ...{ version, tool: setup.tool, pid: process.pid, mode: setup.config.mode },
      startedAt: new Date(startedAt).toISOString(),
      uptimeSeconds: Math.floor((Date.now() - startedAt) / 1000),
      ready: isReady(states),
      services: servicesOf(states),
      interfaces: links.map(({ name, mac, addresses, mtu, up, running }) => {
        const role = counts.roles.get(name);
        return {
          ...{ name, mac, mtu, carrier: up && running },
          addresses: addresses.map(({ address, prefixLength }) => `${formatIpv4(address)}/${prefixLength}`),
          ...(role && { role }),
        };
      }),
      ...(root !== undefined && { root }),
      profiles: Object.keys(setup.config.profiles),
      ...(composed.leases && { leases: countLeases(composed.leases.all(), Date.now()) }),
      transfers: transfers.length,
      counters: Object.fromEntries([...counts.types].sort(([a], [b]) => (a < b ? -1 : 1))),
      bytes: { ...counts.bytes },
      control: {
        ...(inside.control?.socket !== undefined && { socket: inside.control.socket }),
        listening: [...(inside.control?.listening ?? [])],
      },
    };
  }
}

/** Whoever was halted by hand is not waited for. */
export function isReady(states: readonly ServiceState[]): boolean {
  return states.every(({ phase }) => phase === 'running' || phase === 'halted');
}

function countLeases(all: Iterable<{ state: string; expiresAt: number }>, now: number) {
  let bound = 0;
  let declined = 0;
  for (const { state, expiresAt } of all) {
    if (expiresAt <= now) continue;
    if (state === 'bound') bound++;
    else if (state === 'abandoned') declined++;
  }
  return { bound, declined };
}

function servicesOf(states: readonly ServiceState[]): Service[] {
  const names = [...new Set(states.map(({ name }) => serviceOf(name)))];
  return names.map((name) =>
    joined(
      name,
      states.filter((one) => serviceOf(one.name) === name),
    ),
  );
}

/** From the worst to the best: a service is what its worst worker is. */
const WORST = ['failed', 'backing-off', 'starting', 'stopping', 'halted', 'running'] as const;

/** Several workers as one service. */
function joined(name: string, states: readonly ServiceState[]): Service {
  const phase = WORST.find((one) => states.some((state) => state.phase === one)) ?? 'running';
  const worst = states.find((state) => state.phase === phase)!;
  const error = states.find(({ lastError }) => lastError !== undefined)?.lastError;
  return {
    ...told(worst),
    name,
    restarts: states.reduce((sum, { restarts }) => sum + restarts, 0),
    ...(error !== undefined && { lastError: error }),
    ...(states.length > 1 && { workers: states.map(told) }),
  };
}

function told({ name, phase, since, restarts, lastError, detail }: ServiceState): Service {
  return {
    ...{ name, state: phase, since: new Date(since).toISOString(), restarts },
    ...(lastError !== undefined && { lastError }),
    ...(detail !== undefined && { detail }),
  };
}

const NO_OPS = { start: 'runs already', stop: 'is halted already', restart: 'was restarted' };
const WORDS: Readonly<Record<Service['state'], string>> = {
  running: 'runs',
  halted: 'is halted',
  starting: 'starts; it does not answer yet',
  stopping: 'still ends its transfers',
  'backing-off': 'failed, and is tried again',
  failed: 'failed',
};

function changeOf(verb: keyof typeof NO_OPS, name: string, { changed, states }: ServiceChange): Change {
  const service = joined(name, states);
  const trouble = service.state === 'backing-off' && service.lastError ? `: ${service.lastError}` : '';
  const text = changed ? `${name} ${WORDS[service.state]}${trouble}` : `${name} ${NO_OPS[verb]}`;
  return { changed, text, service };
}
