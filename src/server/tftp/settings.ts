import type { Ipv4 } from '../../lib/ipv4.ts';
import type { Rollover, Timing } from '../../tftp/session.ts';

/** Mbit/s: of the link that all clients share, or of single interfaces by name; undefined, or one not named: no limit. */
export type PaceMbps = number | Readonly<Record<string, number>> | undefined;

/** What the TFTP server is told; plain data, so that it can be posted to a worker. */
export type TftpSettings = {
  /** Folder to serve; relative to the working directory. */
  readonly root: string;
  /** What clients may upload. */
  readonly writes: 'off' | 'create' | 'overwrite';
  /** Largest upload, octets. */
  readonly uploadMaxBytes: number;
  /** Largest block granted: `mtu` is what fits one frame of the interface that the request came in by. */
  readonly blksizeMax: number | 'mtu';
  /** Largest window granted, blocks. */
  readonly windowsizeMax: number;
  /** Transfers at once; more are refused with ERROR 0 "server busy". */
  readonly maxTransfers: number;
  /** Of one address at once; more are refused likewise. */
  readonly maxTransfersPerClient: number;
  /** How fast windows may leave; as fast as the system takes them when left out. */
  readonly paceMbps?: PaceMbps;
  readonly rollover: Rollover;
  /** Find a file by another case when the exact name is missing. */
  readonly ignoreCase: boolean;
  /** Every extension off. */
  readonly rfc1350: boolean;
  /** Groups of RFC 2090 are sent to this address and those behind it; the option is not granted when left out. */
  readonly multicast?: { readonly address: Ipv4; readonly port: number } | undefined;
  /** Windows' variable windows. */
  readonly msftwindow: boolean;
  /** Names of loaders' configurations that the tree does not have are asked for elsewhere; nobody is asked when left out. */
  readonly rendering?: boolean;
  /** Files kept open and mapped though nobody reads them just now, octets. */
  readonly cacheBytes: number;
  /** Patience; the default of tftp/rtt when left out. */
  readonly timing?: Timing;
};

export const DEFAULT_TFTP_SETTINGS: Omit<TftpSettings, 'root'> = {
  writes: 'off',
  uploadMaxBytes: 1024 ** 3,
  blksizeMax: 'mtu',
  windowsizeMax: 64,
  maxTransfers: 2000,
  maxTransfersPerClient: 1500,
  rollover: 0,
  ignoreCase: true,
  rfc1350: false,
  msftwindow: false,
  cacheBytes: 1024 ** 3,
};
