import { packageVersion } from '../app/package-version.ts';
import type { ConfigInput } from '../config/schema.ts';
import type { Network } from '../net/datagram.ts';
import { createInstance, type OnEvent, type ServerState } from './instance.ts';
import { hostOf } from './place.ts';
import { ConfigProblem, setupOfObject } from './setup-of-object.ts';
import { type TransferCallbacks, tellTransfer } from './transfers.ts';

export type PxedOptions = TransferCallbacks & {
  /** Everything that it would write to its log. */
  readonly onEvent?: OnEvent;
  /** `dgram` for plain Node sockets, which ask nothing of Linux; the best there are when left out. */
  readonly backend?: Network['name'];
};

/** DHCP, BOOTP, TFTP and HTTP in this process. */
export type Pxed = AsyncDisposable & {
  readonly state: ServerState;
  /** Resolves when requests are answered; does nothing while it runs. Rejects with TftpError `cannot-start`, a port in use for one. */
  start(): Promise<void>;
  /** Lets transfers end first; does nothing when it does not run. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /**
   * Puts another configuration in force, whether it runs or not: transfers and conversations under way notice nothing. Throws
   * {@link ConfigProblem}, and changes nothing, for a mistake, and where it needs other sockets.
   */
  apply(config: ConfigInput): void;
  /** The address that machines reach it by. Throws ServerNotRunning. */
  host(): string;
  /** The TFTP port, also where 0 was asked for. Throws ServerNotRunning. */
  port(): number;
  httpPort(): number | undefined;
};

/**
 * pxed as the command of that name starts it, from the object that its YAML file would be. Leases are kept in memory unless `state` names a
 * folder; whoever the process runs as it stays. Throws {@link ConfigProblem}.
 *
 *     const pxed = createPxed({ version: 1, interfaces: ['eth0'], tftp: { root: '/tftp' } });
 *     await pxed.start();
 */
export function createPxed(config: ConfigInput, options: PxedOptions = {}): Pxed {
  const { onEvent, backend, ...callbacks } = options;
  let setup = setupOfObject(config);
  const instance = createInstance(() => setup, {
    version: packageVersion(),
    guest: { ...(backend && { backend }) },
    onEvent(event, at) {
      tellTransfer(event, callbacks);
      onEvent?.(event, at);
    },
  });
  const pxed: Pxed = {
    get state() {
      return instance.state;
    },
    start: instance.start,
    stop: instance.stop,
    async restart() {
      await instance.stop();
      await instance.start();
    },
    apply(changed) {
      const before = setup;
      setup = setupOfObject(changed);
      if (instance.state !== 'running') return;
      const outcome = instance.reload();
      if (outcome.applied) return;
      setup = before;
      throw new ConfigProblem(problemsOf(outcome));
    },
    host: () => hostOf(instance.running()),
    port: () => instance.running().ports.tftp ?? 0,
    httpPort: () => instance.running().ports.http,
    [Symbol.asyncDispose]: instance.stop,
  };
  return pxed;
}

function problemsOf(outcome: { problems: readonly string[]; needsRestart: readonly string[] }): string[] {
  const waiting = outcome.needsRestart.map((key) => `${key} can only change with a restart`);
  return [...outcome.problems, ...waiting];
}
