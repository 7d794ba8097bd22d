import { dataOf } from '../config/edit.ts';
import type { Json } from '../config/edit-path.ts';
import { isMap } from '../config/edit-value.ts';
import { withDefaults } from '../config/effective.ts';
import { configSchema } from '../config/json-schema.ts';
import type { Config } from '../config/schema.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { parseSize } from '../lib/size.ts';
import type { Setup } from './setup.ts';

type Data = { readonly [key: string]: Json };

/**
 * What is in force: the file's text, its defaults filled in, and what the command line says instead. As data of the file's own
 * form, so that it could be written as one. What the command line says of the interface's own network has no key, and stands
 * under `command-line`. There are no secrets in it: a configuration has none.
 */
export function effectiveConfig(text: string | undefined, setup: Setup): Data {
  const said = text === undefined ? undefined : dataOf(text);
  const whole = withDefaults(configSchema(), isMap(said) ? said : { version: 1 });
  const base: Data = isMap(whole) ? whole : {};
  const own = commandLineOf(setup);
  return {
    ...merged(base, overlayOf(setup.config)),
    ...(Object.keys(own).length > 0 && { 'command-line': own }),
  };
}

/** The keys that a command line has options for, as the file writes them. */
function overlayOf(config: Config): Data {
  const { interfaces, mode, authoritative, bootptab, state, user, group, boot, bootp, tftp, http, log } =
    config;
  const { ports, multicast } = tftp;
  return given({
    ...{ interfaces, mode, authoritative, bootptab, state, user, group },
    'rogue-watch': config['rogue-watch'],
    'answer-all': config['answer-all'],
    'conflict-probe': config['conflict-probe'],
    boot: { filename: boot.filename },
    bootp: given({ enabled: bootp.enabled, range: bootp.range === 'network' ? 'network' : undefined }),
    tftp: given({
      ...plain(tftp),
      ports: ports && `${ports.first}-${ports.last}`,
      multicast: multicast && `${formatIpv4(multicast.address)}:${multicast.port}`,
    }),
    http: plain(http),
    log: plain(log),
    control: plain(config.control),
  });
}

function commandLineOf({ overrides }: Setup): Data {
  const { routers, dns, nextServer } = overrides;
  return given({
    routers: routers?.map(formatIpv4),
    'domain-name-servers': dns?.map(formatIpv4),
    'next-server': nextServer === undefined ? undefined : formatIpv4(nextServer),
  });
}

/** The values that are the same in the file and in memory. */
function plain(section: object): Data {
  const isPlain = ([, value]: [string, unknown]) => ['string', 'number', 'boolean'].includes(typeof value);
  return Object.fromEntries(Object.entries(section).filter(isPlain)) as Data;
}

function given(values: { readonly [key: string]: Json | undefined }): Data {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Data;
}

function merged(base: Data, over: Data): Data {
  const whole: { [key: string]: Json } = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = whole[key];
    // A size stays as the file writes it: 2M, not 2097152.
    const isSameSize = typeof below === 'string' && parseSize(below) === value;
    if (!isSameSize) whole[key] = isMap(value) && isMap(below) ? merged(below, value) : value;
  }
  return whole;
}
