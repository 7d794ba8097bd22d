import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A DHCP server to measure. */
export type DhcpPeer = {
  readonly name: string;
  /** Makes its files anew, no lease left of the run before, and says how it is started. */
  prepare(): readonly string[];
};

/** One pool for all: 65,000 addresses of a /16. */
export const POOL = {
  subnet: '10.93.0.0/16',
  first: '10.93.1.0',
  last: '10.93.254.255',
  mask: '255.255.0.0',
};
const DHCPD = join(import.meta.dirname, '../dist/bin/dhcpd.js');

/** pxed and the peers that are installed; every lease goes to a file in `folder`. */
export function findDhcpPeers(folder: string): DhcpPeer[] {
  const anew = (name: string): string => {
    const own = join(folder, name);
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { recursive: true });
    return own;
  };
  return [
    ours(anew, 'info'),
    ours(anew, 'warn'),
    ...(existsSync('/usr/sbin/kea-dhcp4') ? [kea(anew, false), kea(anew, true)] : []),
    ...(existsSync('/usr/sbin/dnsmasq') ? [dnsmasq(anew)] : []),
    ...(existsSync('/usr/sbin/dhcpd') ? [isc(anew)] : []),
  ];
}

type Anew = (name: string) => string;

/** By default each lease is a line of the log; at `warn` it is not, as with Kea here. */
function ours(anew: Anew, level: 'info' | 'warn'): DhcpPeer {
  return {
    name: level === 'info' ? 'pxed' : `pxed (log ${level})`,
    prepare() {
      const own = anew('pxed');
      const config = join(own, 'pxed.yaml');
      writeFileSync(
        config,
        `version: 1
answer-all: true
conflict-probe: false
state: ${own}
networks:
  - subnet: ${POOL.subnet}
    range: [${POOL.first}-${POOL.last}]
log: { format: json, level: ${level} }
user: root
`,
      );
      return [process.execPath, DHCPD, 'eth0', '--config', config];
    },
  };
}

function kea(anew: Anew, threads: boolean): DhcpPeer {
  const name = `Kea ${threads ? 'multi' : 'single'}-threaded`;
  return {
    name,
    prepare() {
      const own = anew('kea');
      const config = join(own, 'kea.json');
      const dhcp4 = {
        'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'udp' },
        'lease-database': {
          type: 'memfile',
          persist: true,
          name: join(own, 'leases.csv'),
          'lfc-interval': 0,
        },
        'multi-threading': { 'enable-multi-threading': threads, 'thread-pool-size': threads ? 2 : 0 },
        'valid-lifetime': 43_200,
        subnet4: [{ id: 1, subnet: POOL.subnet, pools: [{ pool: `${POOL.first} - ${POOL.last}` }] }],
        loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
      };
      writeFileSync(config, JSON.stringify({ Dhcp4: dhcp4 }));
      return [
        'env',
        `KEA_PIDFILE_DIR=${own}`,
        `KEA_LOCKFILE_DIR=${own}`,
        '/usr/sbin/kea-dhcp4',
        '-c',
        config,
      ];
    },
  };
}

function dnsmasq(anew: Anew): DhcpPeer {
  return {
    name: 'dnsmasq',
    prepare() {
      const own = anew('dnsmasq');
      return [
        ...[
          '/usr/sbin/dnsmasq',
          '-k',
          '-C',
          '/dev/null',
          '-p',
          '0',
          '--user=root',
          '-i',
          'eth0',
          '--no-ping',
        ],
        ...[`--dhcp-range=${POOL.first},${POOL.last},${POOL.mask},12h`, '--dhcp-lease-max=70000'],
        ...[`--dhcp-leasefile=${own}/leases`, '--pid-file=', '--quiet-dhcp', '--log-facility=-'],
      ];
    },
  };
}

function isc(anew: Anew): DhcpPeer {
  return {
    name: 'ISC dhcpd',
    prepare() {
      const own = anew('isc');
      writeFileSync(join(own, 'leases'), '');
      writeFileSync(
        join(own, 'dhcpd.conf'),
        `ping-check false; default-lease-time 43200;
subnet 10.93.0.0 netmask ${POOL.mask} { range ${POOL.first} ${POOL.last}; }
`,
      );
      const files = ['-cf', join(own, 'dhcpd.conf'), '-lf', join(own, 'leases'), '-pf', join(own, 'pid')];
      return ['/usr/sbin/dhcpd', '-4', '-f', '-q', '-user', 'root', '-group', 'root', ...files, 'eth0'];
    },
  };
}
