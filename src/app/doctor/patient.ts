import type { Config } from '../../config/schema.ts';
import type { InterfaceFacts } from '../../net/datagram.ts';

/** What the doctor looks at: a setup, on this machine. */
export type Patient = {
  readonly config: Config;
  /** Names that the setup has. */
  readonly interfaces: readonly string[];
  /** Those of them that are there. */
  readonly links: readonly InterfaceFacts[];
  /** Absent: no files are served, or none is named. */
  readonly root?: string;
  /** A pxed that runs, by its process. */
  readonly running?: { readonly pid: number };
};

/** Does it give addresses, or answer beside who does? */
export function servesDhcp({ config }: Patient): boolean {
  return config.mode !== 'off' || config.bootp.enabled;
}

/** Its ports that machines come to, with what for. */
export function portsOf({ config }: Patient): {
  readonly dhcp: boolean;
  readonly pxe: boolean;
  readonly tftp?: number;
  readonly http?: number;
} {
  const { tftp, http, mode, bootp } = config;
  const web = http.enabled === true || (http.enabled === 'auto' && tftp.enabled);
  return {
    dhcp: mode !== 'off' || bootp.enabled,
    pxe: mode !== 'off',
    ...(tftp.enabled && { tftp: tftp.port }),
    ...(web && { http: http.port }),
  };
}
