import { type ControlApp, createControlApp, rehearseApp } from '../server/control/app.ts';
import { captureRoutes } from '../server/control/capture-routes.ts';
import { configRoutes } from '../server/control/config-routes.ts';
import { eventRoutes } from '../server/control/event-routes.ts';
import { fileRoutes } from '../server/control/file-routes.ts';
import { leaseRoutes } from '../server/control/lease-routes.ts';
import { machineRoutes } from '../server/control/machine-routes.ts';
import { openApiRoute } from '../server/control/openapi.ts';
import type { Route } from '../server/control/route.ts';
import { serviceRoutes } from '../server/control/service-routes.ts';
import { sessionRoutes } from '../server/control/session-routes.ts';
import { createCaptureOperations } from './capture-operations.ts';
import { type ConfigIo, createConfigOperations } from './config-operations.ts';
import { controlPages, loadMetrics } from './control-pages.ts';
import type { ControlParts } from './control-parts.ts';
import { createFileOperations } from './file-operations.ts';
import { createLeaseOperations, type LeaseIo } from './lease-operations.ts';
import { liveSourcesOf } from './live-sources.ts';
import { createMachineOperations } from './machine-operations.ts';
import { servedFiles } from './served-files.ts';
import { serviceOperations } from './service-operations.ts';

/** All that control can do. Loaded when somebody comes: nothing else of pxed may import this file. */
export async function createControl(parts: ControlParts): Promise<ControlApp> {
  return createControlApp({
    routes: controlRoutes(parts),
    admit: parts.access.admit,
    pages: controlPages(parts),
    onFault(error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parts.bus.emit({ type: 'service.warning', service: 'control', problem: 'fault', detail });
    },
  });
}

/**
 * Does once what loads code late, so that it is there when the program's files no longer are. The same lines must do it that do it
 * later: what was imported from elsewhere is looked for again.
 */
export async function rehearseControl(): Promise<void> {
  const createMetrics = await loadMetrics();
  await Promise.all([rehearseApp(), createMetrics([]).render()]);
}

/** One line for each room that has routes. */
export function controlRoutes(parts: ControlParts): Route[] {
  const config = createConfigOperations(configIo(parts));
  const routes = [
    ...sessionRoutes(parts.access),
    ...serviceRoutes(serviceOperations(parts)),
    ...eventRoutes(liveSourcesOf(parts)),
    ...machineRoutes(createMachineOperations(parts)),
    ...fileRoutes(createFileOperations(servedFiles(parts))),
    ...configRoutes(config),
    ...leaseRoutes(createLeaseOperations({ ...leaseIo(parts), config })),
    ...captureRoutes(createCaptureOperations(parts.composed.capture)),
  ];
  return [...routes, openApiRoute(routes, parts.version)];
}

function configIo({ configFile: file, read, composed, reload }: ControlParts): ConfigIo {
  return { file, read, setup: () => composed.setup, check: composed.check, reload, now: Date.now };
}

function leaseIo({ composed, bus }: ControlParts): LeaseIo {
  const { leases } = composed;
  return { leases, emit: bus.emit, now: Date.now, hosts: () => composed.setup.config.hosts };
}
