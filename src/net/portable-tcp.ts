import { createServer, type ListenOptions } from 'node:net';
import { formatIpv4 } from '../lib/ipv4.ts';
import type { BoundTcp, TcpPorts } from './tcp.ts';

/** TCP ports by node:net alone: a port is tried at start, and each server opens it anew. */
export function portableTcp(): TcpPorts {
  return {
    bind: (spec) =>
      new Promise((resolve) => {
        const trial = createServer();
        trial.once('error', (error: NodeJS.ErrnoException) => {
          resolve({ ok: false, error: { operation: 'listen', errno: error.code ?? 'EIO' } });
        });
        trial.listen(placeOf(spec), () => {
          const at = trial.address();
          const port = typeof at === 'object' && at !== null ? at.port : spec.port;
          trial.close(() => resolve({ ok: true, value: { ...spec, fd: -1, port } }));
        });
      }),
    listenOptions: placeOf,
    release() {},
  };
}

function placeOf({ port, address }: Pick<BoundTcp, 'port' | 'address'>): ListenOptions {
  return address === undefined ? { port } : { port, host: formatIpv4(address) };
}
