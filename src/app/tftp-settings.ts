import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Network } from '../net/datagram.ts';
import { DEFAULT_TFTP_SETTINGS, type TftpSettings } from '../server/tftp/settings.ts';
import { linkSpeed } from './link-speed.ts';

/** What the TFTP server is told, from the configuration. `root` is absolute: {@link checkRoot} made it so. */
export function tftpSettingsOf(
  tftp: Config['tftp'],
  root: string,
  interfaceNames: readonly string[],
): TftpSettings {
  const { pace } = tftp;
  return {
    ...DEFAULT_TFTP_SETTINGS,
    root,
    writes: tftp.writes,
    uploadMaxBytes: tftp['upload-max'],
    blksizeMax: tftp['blksize-max'],
    windowsizeMax: tftp['windowsize-max'],
    maxTransfers: tftp['max-transfers'],
    maxTransfersPerClient: tftp['max-transfers-per-client'] ?? Math.ceil(tftp['max-transfers'] * 0.75),
    paceMbps: pace === 'off' ? undefined : pace === 'auto' ? speedsOf(interfaceNames) : pace,
    rollover: tftp.rollover === 'forbid' ? 'forbidden' : tftp.rollover,
    ignoreCase: tftp['ignore-case'],
    rfc1350: tftp.rfc1350,
    multicast: tftp.multicast,
    msftwindow: tftp.msftwindow,
  };
}

/** Mbit/s of each interface that tells; each has a pace of its own. */
function speedsOf(interfaceNames: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    interfaceNames.flatMap((name) => {
      const speed = linkSpeed(name);
      return speed === undefined ? [] : [[name, speed] as const];
    }),
  );
}

/** The sockets that are wanted; on one address alone where one is named. */
export function tftpPortsOf({ tftp }: Config, network: Network, address?: Ipv4) {
  const { port, ports, 'single-port': singlePort } = tftp;
  // One processor is left to the kernel, DHCP and the log.
  const workers = network.worksInThreads ? (tftp.workers ?? Math.max(1, availableParallelism() - 1)) : 1;
  return {
    port,
    singlePort,
    workers,
    ...(address !== undefined && { address }),
    ...(ports && { ports: { from: ports.first, to: ports.last } }),
  };
}
