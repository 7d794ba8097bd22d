import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createAccess } from '../server/control/access.ts';
import type { ControlHandler } from '../server/control/server.ts';
import { readableByAll } from './code-access.ts';
import type { ControlParts } from './control-parts.ts';

/**
 * Loads now what would be loaded when somebody comes, if it will be out of reach by then. Called while root is still there; costs
 * memory, and so does nothing where everybody can read the program's files.
 */
export async function prepareControl(): Promise<void> {
  const packages = fileURLToPath(import.meta.resolve('fastify'));
  if (process.getuid?.() !== 0 || (readableByAll(import.meta.dirname) && readableByAll(packages))) return;
  const { rehearseControl } = await import('./control.ts');
  await rehearseControl();
}

/**
 * Answers whoever comes by the control socket or port. The framework and all routes are loaded when the first one comes: a pxed
 * that nobody asks pays for a listening socket.
 */
export function serveControl(given: Omit<ControlParts, 'access' | 'run' | 'startedAt'>): void {
  const { control } = given.composed.inside;
  if (!control) return;
  const access = createAccess({
    isLocal: control.isLocal,
    token: control.token,
    now: () => performance.now(),
  });
  const parts: ControlParts = {
    ...given,
    ...{ access, run: randomBytes(4).toString('hex'), startedAt: Date.now() },
  };
  let handler: Promise<ControlHandler> | undefined;
  const load = async () => {
    const { createControl } = await import('./control.ts');
    const app = await createControl(parts);
    return app.handle;
  };
  control.serve(() => {
    handler ??= load().catch((error: unknown) => {
      handler = undefined; // whoever comes next tries again
      const detail = error instanceof Error ? error.message : String(error);
      given.bus.emit({ type: 'service.warning', service: 'control', problem: 'not-loaded', detail });
      throw error;
    });
    return handler;
  });
}
