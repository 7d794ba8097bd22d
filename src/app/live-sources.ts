import type { LiveSources } from '../server/control/live.ts';
import type { ControlParts } from './control-parts.ts';
import { machineJson } from './machine-operations.ts';

/** What can be watched of a pxed that runs. */
export function liveSourcesOf({ recent, run, counts, composed, timeline }: ControlParts): LiveSources {
  const { boot, transfers } = composed.inside;
  return {
    ...{ recent, run, transfers },
    macOf: (peer) => boot.machineOf(peer)?.mac,
    machines: { subscribe: (listener) => timeline.subscribe((machine) => listener(machineJson(machine))) },
    throughput: (underWay) => {
      const live = (protocol: 'tftp' | 'http') =>
        underWay.reduce((sum, one) => sum + (one.protocol === protocol ? one.bytes : 0), 0);
      return {
        tftpBytes: counts.bytes.tftpSent + counts.bytes.tftpReceived + live('tftp'),
        httpBytes: counts.bytes.httpSent + live('http'),
        events: recent.last,
      };
    },
  };
}
