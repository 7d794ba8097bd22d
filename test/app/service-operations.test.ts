import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ControlParts } from '../../src/app/control-parts.ts';
import { countLeases } from '../../src/app/pool-metrics.ts';
import type { ReloadOutcome } from '../../src/app/reload.ts';
import { isReady, serviceOperations } from '../../src/app/service-operations.ts';
import type { ServicePhase, ServiceState } from '../../src/app/service-state.ts';
import { createEventCounts } from '../../src/events/counts.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { parseIpv4, parseSubnet } from '../../src/lib/ipv4.ts';
import { statusShape } from '../../src/server/control/service-routes.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const ip = (text: string) => parseIpv4(text)!;

function stateOf(name: string, phase: ServicePhase, more: Partial<ServiceState> = {}): ServiceState {
  return { name, phase, since: NOW - 1000, restarts: 0, ...more };
}

const IN_FORCE: ReloadOutcome = { applied: true, warnings: [] };

function partsOf(states: readonly ServiceState[], outcome: ReloadOutcome = IN_FORCE) {
  const emitted: BootEvent[] = [];
  const change = async () => ({ changed: true, states });
  const link = {
    ...{
      name: 'eth0',
      index: 2,
      mac: '52:54:00:00:00:01',
      mtu: 1500,
      up: true,
      running: false,
      loopback: false,
    },
    addresses: [{ address: ip('10.0.0.1'), prefixLength: 24 }],
  };
  const held = [
    { ip: ip('10.0.0.5'), state: 'bound', expiresAt: Number.POSITIVE_INFINITY },
    { ip: ip('10.0.0.6'), state: 'bound', expiresAt: NOW },
    { ip: ip('10.0.0.7'), state: 'abandoned', expiresAt: NOW + 1 },
    { ip: ip('10.0.0.8'), state: 'offered', expiresAt: NOW + 1 },
  ];
  const parts = {
    ...{
      version: '1.2.3',
      startedAt: NOW - 90_500,
      counts: createEventCounts(),
      configFile: '/etc/pxed.yaml',
    },
    supervisor: {
      ...{ states: () => states, services: [...new Set(states.map(({ name }) => name.split(' ')[0]!))] },
      ...{ start: change, stop: change, restart: change },
    },
    composed: {
      setup: { tool: 'pxed', config: { mode: 'dhcp', profiles: { debian: {} } } },
      leases: { all: () => held },
      inside: { facts: () => ({ links: [link], root: '/tftp' }), transfers: async () => [{}, {}] },
    },
    bus: { emit: (event: BootEvent) => void emitted.push(event) },
    reload: () => outcome,
  };
  return { emitted, operations: serviceOperations(parts as unknown as ControlParts), parts };
}

test('serviceOperations() tells the status, as its shape says', async () => {
  const { operations, parts } = partsOf([
    stateOf('dhcp', 'running'),
    stateOf('tftp 1', 'running', { restarts: 1 }),
    stateOf('tftp 2', 'backing-off', { restarts: 2, lastError: 'gone' }),
  ]);
  parts.counts.hear({ at: 0, event: { type: 'dhcp.role', interface: 'eth0', role: 'server' } });
  const status = await operations.status();
  expect(statusShape.parse(status)).toEqual(status);
  expect(status).toMatchObject({
    ...{ version: '1.2.3', uptimeSeconds: 90, ready: false, profiles: ['debian'], transfers: 2 },
    services: [
      { name: 'dhcp', state: 'running' },
      { name: 'tftp', state: 'backing-off', restarts: 3, lastError: 'gone', workers: [{}, {}] },
    ],
    interfaces: [{ name: 'eth0', addresses: ['10.0.0.1/24'], carrier: false, role: 'server' }],
    leases: { bound: 1, declined: 1 },
    counters: { 'dhcp.role': 1 },
  });
});

test('serviceOperations() tells what came of it, and who asked', async () => {
  const { operations, emitted } = partsOf([stateOf('http', 'halted')]);
  expect(await operations.stop('http', 'ann')).toMatchObject({ changed: true, text: 'http is halted' });
  expect(emitted).toEqual([{ type: 'service.asked', service: 'http', action: 'stop', user: 'ann' }]);
  await expect(operations.stop('ntp', 'ann')).rejects.toMatchObject({ status: 404, code: 'no-such-service' });
  const failing = partsOf([stateOf('http', 'backing-off', { lastError: 'no root' })]);
  expect(await failing.operations.start('http', 'ann')).toMatchObject({
    text: 'http failed, and is tried again: no root',
  });
});

test.each<{ name: string; outcome: ReloadOutcome; want: object }>([
  {
    name: 'mistakes',
    outcome: { applied: false, problems: ['f:1 a', 'f:2 b'], needsRestart: [] },
    want: { status: 422, code: 'bad-configuration', message: 'The configuration was not changed: f:1 a' },
  },
  {
    name: 'what waits for a restart',
    outcome: { applied: false, problems: [], needsRestart: ['mode', 'user'] },
    want: {
      ...{ status: 422, code: 'needs-restart' },
      message: 'The configuration was not changed: mode, user can only change with a restart',
    },
  },
])('serviceOperations() refuses to reload $name', ({ outcome, want }) => {
  const { operations } = partsOf([], outcome);
  expect(() => operations.reload('ann')).toThrow(expect.objectContaining(want));
});

test('serviceOperations() reloads, where there is a file', () => {
  expect(partsOf([]).operations.reload('ann')).toEqual({ text: 'the new configuration is in force' });
  const { parts } = partsOf([]);
  const without = serviceOperations({ ...parts, configFile: undefined } as unknown as ControlParts);
  expect(() => without.reload('ann')).toThrow(expect.objectContaining({ status: 409 }));
});

test('isReady() waits for nobody who was halted', () => {
  expect(isReady([stateOf('a', 'running'), stateOf('b', 'halted')])).toBe(true);
  expect(isReady([stateOf('a', 'starting')])).toBe(false);
});

test('countLeases() counts by network, whatever their sizes', () => {
  const networks = ['10.0.0.0/24', '10.0.1.0/24', '10.1.0.0/16'].map((text) => ({
    subnet: parseSubnet(text)!,
  }));
  const held = (text: string, state = 'bound') => ({ ip: ip(text), state, expiresAt: NOW + 1 });
  const counts = countLeases(
    networks,
    [
      held('10.0.0.9'),
      held('10.1.7.7'),
      held('10.1.8.8'),
      held('10.0.1.1', 'abandoned'),
      held('192.168.0.1'),
    ],
    NOW,
  );
  expect(Object.fromEntries(counts)).toEqual({
    '10.0.0.0/24': { bound: 1, declined: 0 },
    '10.0.1.0/24': { bound: 0, declined: 1 },
    '10.1.0.0/16': { bound: 2, declined: 0 },
  });
});
