import { LIMITED_BROADCAST, UNSPECIFIED } from '../../lib/ipv4.ts';
import type { InterfaceFacts } from '../../net/datagram.ts';
import { type Finding, good, problem, unknown, warning } from './finding.ts';
import { iptablesTables, readIptablesRules } from './iptables-rules.ts';
import type { Look } from './look.ts';
import { readNftRules } from './nft-rules.ts';
import { type FilterChain, judge, type PacketFilter, type Probe } from './packet-filter.ts';
import { type Patient, portsOf } from './patient.ts';

/** Asks the rules of nftables and iptables what they would do to the packets of a boot. */
export async function checkFirewall(patient: Patient, look: Pick<Look, 'run' | 'uid'>): Promise<Finding[]> {
  const rules = await rulesOf(look);
  if ('unreadable' in rules) return [unknown('firewall-unknown', rules.unreadable, 'Run the doctor as root')];
  const found = patient.links.flatMap((link) =>
    questionsOf(patient, link).flatMap((question) => findingOf(question, link, rules.filter)),
  );
  if (found.length > 0 || patient.links.length === 0) return found;
  return [good('firewall', 'no rule of nftables or iptables is in the way')];
}

type Rules = { readonly filter: PacketFilter } | { readonly unreadable: string };

/** Tables of iptables also show in nftables, as rules with matches that only iptables can spell out. */
async function rulesOf({ run, uid }: Pick<Look, 'run' | 'uid'>): Promise<Rules> {
  const [nft, legacy] = [await run('nft', ['-j', 'list', 'ruleset']), await run('iptables-save', [])];
  const failed = [nft, legacy].find((ran) => ran && ran.status !== 0);
  if (failed && uid !== 0) return { unreadable: 'firewall rules are shown to root alone' };
  const saved = legacy?.status === 0 ? legacy.out : '';
  const theirs = new Set(iptablesTables(saved));
  const isTheirs = (family: string, table: string) => family === 'ip' && theirs.has(table);
  const tables = nft?.status === 0 && nft.out.trim() !== '' ? readNftRules(nft.out, isTheirs) : [];
  if (!tables) return { unreadable: 'nft lists its rules in a form that is not understood' };
  return { filter: [...tables, ...readIptablesRules(saved)] };
}

type Question = {
  readonly code: string;
  /** `requests of DHCP clients`. */
  readonly what: string;
  readonly probe: Probe;
};

/** An address that a client on the interface's network might have. */
function neighbourOf({ addresses }: InterfaceFacts): { readonly own: number; readonly client: number } {
  const own = addresses[0]?.address ?? UNSPECIFIED;
  return { own, client: own % 256 === 254 ? own - 1 : own + 1 };
}

const [TID, CLIENT_TID, SOME_PORT] = [40_123, 2070, 49_152];

/** The packets of one boot, one of each kind. */
function questionsOf(patient: Patient, link: InterfaceFacts): Question[] {
  const { dhcp, pxe, tftp, http } = portsOf(patient);
  const { own, client } = neighbourOf(link);
  const ask = (code: string, what: string, probe: Partial<Probe>): Question => ({
    code,
    what,
    probe: {
      ...{ hook: 'input', interface: link.name, protocol: 'udp', state: 'new' },
      ...{ from: client, fromPort: SOME_PORT, to: own, toPort: 0, ...probe },
    },
  });
  const answer = { hook: 'output', from: own, to: client } as const;
  const everybody = { to: LIMITED_BROADCAST } as const;
  const transfers = tftp !== undefined && !patient.config.tftp['single-port'];
  return [
    ...(dhcp
      ? [
          ask('firewall-dhcp', 'requests of DHCP clients (UDP port 67)', {
            ...everybody,
            ...{ from: UNSPECIFIED, fromPort: 68, toPort: 67 },
          }),
          ask('firewall-dhcp-answers', 'answers to DHCP clients (UDP port 68)', {
            ...answer,
            ...everybody,
            ...{ fromPort: 67, toPort: 68 },
          }),
        ]
      : []),
    ...(pxe
      ? [ask('firewall-pxe', 'requests of PXE firmware (UDP port 4011)', { fromPort: 68, toPort: 4011 })]
      : []),
    ...(tftp === undefined
      ? []
      : [
          ask('firewall-tftp', `requests for files by TFTP (UDP port ${tftp})`, {
            fromPort: CLIENT_TID,
            toPort: tftp,
          }),
        ]),
    ...(transfers
      ? [
          ask('firewall-tftp-answers', 'files on their way by TFTP (from other UDP ports)', {
            ...answer,
            ...{ fromPort: TID, toPort: CLIENT_TID },
          }),
          ask('firewall-tftp-transfers', 'acknowledgements of TFTP (to other UDP ports)', {
            ...{ fromPort: CLIENT_TID, toPort: TID, state: 'established' },
          }),
        ]
      : []),
    ...(http === undefined
      ? []
      : [
          ask('firewall-http', `requests for files by HTTP (TCP port ${http})`, {
            protocol: 'tcp',
            toPort: http,
          }),
        ]),
  ];
}

function findingOf({ code, what, probe }: Question, link: InterfaceFacts, filter: PacketFilter): Finding[] {
  const { verdict, by, policy } = judge(filter, probe);
  if (verdict === 'accept' || !by) return [];
  const where = `${link.name}: ${what}`;
  if (verdict === 'maybe') {
    const text = `${where} may be dropped: ${by.title} has a rule about them that the doctor does not understand`;
    return [warning(code, text, `See what it says, and let them through: ${fixOf(by, probe)}`)];
  }
  const how = policy ? `dropped by the policy of ${by.title}` : `dropped by ${by.title}`;
  const other = code.startsWith('firewall-tftp-') ? '; or serve from one port: --single-port' : '';
  return [problem(code, `${where} are ${how}`, `Let them through: ${fixOf(by, probe)}${other}`)];
}

/** In the words of whoever keeps the rules: firewalld, ufw, iptables or nftables itself. */
function fixOf(
  { table, name, title }: FilterChain,
  { hook, interface: link, protocol, toPort, fromPort }: Probe,
): string {
  const isOut = hook === 'output';
  const port = isOut ? fromPort : toPort;
  const isTransfer = port === TID;
  if (table.endsWith(' firewalld')) {
    const service = new Map([
      [67, 'dhcp'],
      [69, 'tftp'],
      [80, 'http'],
    ]).get(port);
    const named = service
      ? `--add-service=${service}`
      : `--add-port=${isTransfer ? '32768-60999' : port}/${protocol}`;
    return `firewall-cmd --permanent ${named} && firewall-cmd --reload`;
  }
  if (name.startsWith('ufw-')) {
    return isOut
      ? `ufw allow out on ${link} proto ${protocol}`
      : `ufw allow in on ${link} to any port ${isTransfer ? '32768:60999' : port} proto ${protocol}`;
  }
  if (title.startsWith('iptables')) {
    const chain = isOut ? 'OUTPUT -o' : 'INPUT -i';
    const what = isTransfer
      ? isOut
        ? ''
        : ' -m conntrack --ctstate ESTABLISHED'
      : ` --${isOut ? 's' : 'd'}port ${port}`;
    return `iptables -I ${chain} ${link} -p ${protocol}${what} -j ACCEPT`;
  }
  const match = isTransfer
    ? isOut
      ? 'meta l4proto udp'
      : 'ct state established'
    : `${protocol} ${isOut ? 's' : 'd'}port ${port}`;
  return `nft insert rule ${table} ${name} ${isOut ? 'oifname' : 'iifname'} ${link} ${match} accept`;
}
