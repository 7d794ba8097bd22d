import { completeSetup } from '../app/complete-setup.ts';
import type { NetworkOverrides, SetupResult, Tool } from '../app/setup.ts';
import { whyUnreadable } from '../app/why-unreadable.ts';
import { defaultConfig, formatProblem, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Ipv4 } from '../lib/ipv4.ts';

/** What commander read; names are those of the long options. */
export type Options = {
  readonly config?: string;
  readonly verbose?: boolean;
  readonly debug?: boolean;
  readonly logFormat?: 'auto' | 'text' | 'json' | 'journal';
  readonly user?: string;
  readonly group?: string;
  readonly state?: string;
  readonly tftpServer?: Ipv4;
  readonly gateway?: Ipv4;
  readonly mode?: Config['mode'];
  readonly rogueWatch?: boolean;
  readonly answerAllDhcpRequests?: boolean;
  readonly nameServers?: readonly Ipv4[];
  readonly authoritative?: boolean;
  readonly conflictProbe?: boolean;
  readonly bootp?: boolean;
  readonly bootptab?: string;
  readonly rfc1350?: boolean;
  readonly port?: number;
  readonly allowWrite?: boolean;
  readonly allowOverwrite?: boolean;
  readonly uploadMax?: number;
  readonly singlePort?: boolean;
  readonly portRange?: { first: number; last: number };
  readonly blksizeMax?: number;
  readonly windowsizeMax?: number;
  readonly maxTransfers?: number;
  readonly maxTransfersPerClient?: number;
  readonly pace?: 'auto' | 'off' | number;
  readonly multicast?: { address: Ipv4; port: number };
  readonly workers?: number;
  readonly rollover?: 0 | 1 | 'forbid';
  readonly ignoreCase?: boolean;
  readonly http?: boolean;
  readonly httpPort?: number;
  readonly control?: string | false;
};

export type CommandLine = {
  readonly tool: Tool;
  readonly positional: readonly string[];
  readonly options: Options;
  /** Nothing will be served: no interface has to be named. */
  readonly anywhere?: boolean;
};

export type Reading = {
  /** Throws what node:fs throws. */
  readonly readText: (file: string) => string;
  readonly archNames: Iterable<string>;
};

/** Joins the configuration file, if one is named, and the command line, which wins. */
export function setupOf(line: CommandLine, reading: Reading): SetupResult {
  const read = configOf(line, reading);
  if (!('problems' in read)) return complete(line, read, reading);
  return { ok: false, problems: read.problems };
}

/** A configuration, and the text that it was read from. */
type Read = { readonly config: Config; readonly text?: string };

function configOf(
  { options }: CommandLine,
  reading: Reading,
): Read | { readonly problems: readonly string[] } {
  if (options.config === undefined) return { config: defaultConfig() };
  let text: string;
  try {
    text = reading.readText(options.config);
  } catch (error) {
    return { problems: [`Cannot read ${options.config}: ${whyUnreadable(error)}`] };
  }
  const loaded = loadConfig(text, { file: options.config, archNames: reading.archNames });
  return loaded.ok ? { config: loaded.value, text } : { problems: loaded.problems.map(formatProblem) };
}

function complete(line: CommandLine, { config, text }: Read, reading: Reading): SetupResult {
  const named = forTool(line.tool, withNames(line, withOptions(config, line.options)), line.options);
  const { tool, anywhere = false } = line;
  const parts = { tool, config: named, overrides: overridesOf(line.options), anywhere };
  const result = completeSetup(parts, reading.readText);
  if (!result.ok || text === undefined) return result;
  return { ok: true, value: { ...result.value, text } };
}

/** Options over the file's values; what was not given leaves them as they are. */
function withOptions(config: Config, options: Options): Config {
  const writes = options.allowOverwrite ? 'overwrite' : options.allowWrite ? 'create' : undefined;
  return {
    ...config,
    ...given({
      mode: options.mode,
      'rogue-watch': options.rogueWatch === false ? false : undefined,
      'answer-all': options.answerAllDhcpRequests,
      authoritative: options.authoritative,
      'conflict-probe': options.conflictProbe === false ? false : undefined,
      state: options.state,
      bootptab: options.bootptab,
      user: options.user,
      group: options.group,
    }),
    bootp: { ...config.bootp, ...given({ range: options.bootp ? ('network' as const) : undefined }) },
    tftp: {
      ...config.tftp,
      ...given({
        writes,
        port: options.port,
        rfc1350: options.rfc1350,
        'upload-max': options.uploadMax,
        'single-port': options.singlePort,
        ports: options.portRange,
        'blksize-max': options.blksizeMax,
        'windowsize-max': options.windowsizeMax,
        'max-transfers': options.maxTransfers,
        'max-transfers-per-client': options.maxTransfersPerClient,
        pace: options.pace,
        multicast: options.multicast,
        workers: options.workers,
        rollover: options.rollover,
        'ignore-case': options.ignoreCase === false ? false : undefined,
      }),
    },
    http: {
      ...config.http,
      // Who names a port wants it served.
      ...given({
        enabled: options.http === false ? false : options.httpPort === undefined ? undefined : true,
        port: options.httpPort,
      }),
    },
    control: { ...config.control, ...given({ socket: options.control }) },
    log: {
      ...config.log,
      ...given({
        level: options.debug ? ('trace' as const) : options.verbose ? ('debug' as const) : undefined,
        format: options.logFormat,
      }),
    },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The members that have a value. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** The positional arguments, each tool's in its own order. */
function withNames({ tool, positional }: CommandLine, config: Config): Config {
  const [first, second, third] = positional;
  // ptftpd's older form has no interface: `ptftpd -p 6969 /var/lib/tftp`.
  const onlyRoot = tool === 'ptftpd' && positional.length === 1;
  const root = tool === 'pxed' || tool === 'ptftpd' ? (onlyRoot ? first : second) : undefined;
  const bootFile = tool === 'pxed' ? third : tool === 'ptftpd' ? undefined : second;
  const named = onlyRoot ? undefined : first;
  return {
    ...config,
    ...given({ interfaces: interfacesOf(named) }),
    boot: { ...config.boot, ...given({ filename: bootFile }) },
    tftp: { ...config.tftp, ...given({ root }) },
  };
}

/** Whoever starts a DHCP server wants one, unless they say otherwise. */
function dhcpdMode(config: Config, { mode }: Options): Config['mode'] {
  return mode ?? (config.mode === 'proxy' ? 'proxy' : 'dhcp');
}

/** `eth0`, or several: `eth0,eth1`. */
function interfacesOf(list: string | undefined): string[] | undefined {
  const names = list?.split(',').filter((name) => name !== '');
  return names && names.length > 0 ? [...new Set(names)] : undefined;
}

/** The services a tool is; the file cannot add to them. */
function forTool(tool: Tool, config: Config, options: Options): Config {
  const off = { ...config.tftp, enabled: false };
  const http = { ...config.http, enabled: false };
  switch (tool) {
    case 'pxed':
      return config;
    case 'ptftpd':
      return {
        ...config,
        mode: 'off',
        bootp: { ...config.bootp, enabled: false },
        tftp: { ...config.tftp, enabled: true },
        http,
      };
    case 'dhcpd':
      return {
        ...config,
        mode: dhcpdMode(config, options),
        bootp: { ...config.bootp, enabled: false },
        tftp: off,
        http,
      };
    case 'bootpd': {
      // Without a file nobody has said who may come: everybody, as users of a BOOTP-only server expect.
      const isOpen = options.config === undefined && config.bootptab === undefined;
      const range = isOpen ? ('network' as const) : config.bootp.range;
      return { ...config, mode: 'off', bootp: { enabled: true, range }, tftp: off, http };
    }
  }
}

function overridesOf(options: Options): NetworkOverrides {
  return given({
    routers: options.gateway === undefined ? undefined : [options.gateway],
    dns: options.nameServers,
    nextServer: options.tftpServer,
  });
}
