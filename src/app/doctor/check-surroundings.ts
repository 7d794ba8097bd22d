import { type Finding, warning } from './finding.ts';
import type { Look } from './look.ts';
import type { Patient } from './patient.ts';

type SurroundingsLook = Pick<Look, 'text' | 'names' | 'run'>;

/** Interfaces that hypervisors and containers make for machines behind this one. */
const GUEST_BRIDGE = /^(docker|br-[0-9a-f]{12}|virbr|podman|cni|lxcbr|vmnet)/;

/** Address translation, and containers: answers of TFTP come from other ports, which a translator does not let back. */
export async function checkSurroundings(patient: Patient, look: SurroundingsLook): Promise<Finding[]> {
  const { config } = patient;
  if (!config.tftp.enabled || config.tftp['single-port']) return [];
  const container = containerOf(look);
  if (container !== undefined && !isHosts(patient, look)) {
    const text = `this is a container (${container}) with a network of its own: requests for files are translated on their way in, and answers from other ports are lost`;
    return [
      warning(
        'container',
        text,
        'Answer from one port (--single-port), or give it the host’s network: --network host',
      ),
    ];
  }
  const rules = await translations(look);
  const toUs = rules.find(
    (rule) =>
      /\budp\b/.test(rule) &&
      new RegExp(`port ${config.tftp.port}\\b`).test(rule) &&
      /dnat|DNAT|redirect|REDIRECT/.test(rule),
  );
  if (toUs !== undefined) {
    const text = `requests for files are translated here (${toUs.trim()}): answers from other ports go past it`;
    return [
      warning(
        'nat',
        text,
        'Answer from one port: tftp.single-port: true (--single-port); or have the translator follow TFTP: modprobe nf_nat_tftp, and a rule that assigns its helper',
      ),
    ];
  }
  const guests = patient.links.filter(({ name }) => GUEST_BRIDGE.test(name));
  if (guests.length > 0 && rules.some((rule) => /masquerade|MASQUERADE|snat|SNAT/.test(rule))) {
    const names = guests.map(({ name }) => name).join(', ');
    const text = `${names} leads to guests of this machine, and addresses are translated behind it: machines on the other side get no files from other ports`;
    return [
      warning(
        'nat',
        text,
        'Where they are to boot, answer from one port: tftp.single-port: true (--single-port)',
      ),
    ];
  }
  return [];
}

function containerOf({ text, names }: Pick<Look, 'text' | 'names'>): string | undefined {
  if (names('/').includes('.dockerenv')) return 'Docker';
  if (names('/run').includes('.containerenv')) return 'Podman';
  const systemd = text('/run/systemd/container')?.trim();
  return systemd || undefined;
}

/** A card, or a bridge: then it is the host's network that is served on. */
function isHosts({ links }: Patient, { names }: Pick<Look, 'names'>): boolean {
  const all = links.map(({ name }) => names(`/sys/class/net/${name}`));
  return all.length === 0 || all.some((facts) => facts.includes('device') || facts.includes('bridge'));
}

/** Rules that translate addresses, a line each, whoever shows them. */
async function translations({ run }: Pick<Look, 'run'>): Promise<string[]> {
  const [nft, saved] = [await run('nft', ['list', 'ruleset']), await run('iptables-save', ['-t', 'nat'])];
  return [nft, saved]
    .flatMap((ran) => (ran?.status === 0 ? ran.out.split('\n') : []))
    .filter((line) => /\b(dnat|redirect|masquerade|snat)\b/i.test(line));
}
