import type { Instruction } from './bpf.ts';

const LOAD_WORD = 0x20; // A = [k], four octets
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const LOAD_HALF_BEYOND = 0x48; // A = [X + k]
const LOAD_BYTE_BEYOND = 0x50;
const LOAD_HEADER_LENGTH = 0xb1; // X = 4 * ([k] & 15)
const IF_EQUAL = 0x15;
const IF_GREATER = 0x25;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** What the kernel knows of a packet beside its octets (linux/filter.h). The tag itself is taken off. */
const VLAN_TAG_PRESENT = 0xffff_f000 + 48;

const IP = 14;
const UDP_SOURCE = IP;
const UDP_DESTINATION = IP + 2;
const UDP_DATA = IP + 8;
const PROTOCOL = { icmp: 1, udp: 17 } as const;
const ICMP_UNREACHABLE = 3;

const WHOLE = 0xffff;
/** Headers and the beginning of a file: enough to see what it is. */
export const HEAD_BYTES = 128;

/** Where a comparison leads: a step by its name; undefined: the next one. */
type Step = {
  readonly name?: string;
  readonly code: number;
  readonly k: number;
  readonly yes?: string;
  readonly no?: string;
};

/**
 * Which packets are recorded: untagged IPv4, no later fragments; UDP from or to ports 67, 68 and 4011; of TFTP, whatever ports its
 * transfers have, requests, OACKs, errors, block 1 and the ACKs of 0 and 1; ICMP's "unreachable". A file's other blocks cost
 * seventeen instructions.
 */
export function recordingFilter(tftpPort: number): readonly Instruction[] {
  const drop = 'drop';
  return resolve([
    { code: LOAD_WORD, k: VLAN_TAG_PRESENT },
    { code: IF_EQUAL, k: 0, no: drop },
    { code: LOAD_HALF, k: 12 },
    { code: IF_EQUAL, k: 0x0800, no: drop },
    { code: LOAD_HALF, k: IP + 6 },
    { code: IF_ANY_BIT, k: 0x1fff, yes: drop },
    { code: LOAD_HEADER_LENGTH, k: IP },
    { code: LOAD_BYTE, k: IP + 9 },
    { code: IF_EQUAL, k: PROTOCOL.icmp, yes: 'icmp' },
    { code: IF_EQUAL, k: PROTOCOL.udp, no: drop },
    { code: LOAD_HALF_BEYOND, k: UDP_DATA },
    { code: IF_GREATER, k: 6, yes: 'ports' },
    { code: IF_EQUAL, k: 3, yes: 'block' },
    { code: IF_EQUAL, k: 4, yes: 'block' },
    { code: IF_GREATER, k: 4, yes: 'head' },
    { code: IF_EQUAL, k: 0, yes: 'ports' },
    // RRQ and WRQ.
    { code: LOAD_HALF_BEYOND, k: UDP_DESTINATION },
    { code: IF_EQUAL, k: tftpPort, yes: 'whole', no: 'ports' },
    { name: 'block', code: LOAD_HALF_BEYOND, k: UDP_DATA + 2 },
    { code: IF_GREATER, k: 1, yes: drop, no: 'head' },
    { name: 'ports', code: LOAD_HALF_BEYOND, k: UDP_DESTINATION },
    { code: IF_EQUAL, k: 67, yes: 'whole' },
    { code: IF_EQUAL, k: 68, yes: 'whole' },
    { code: IF_EQUAL, k: 4011, yes: 'whole' },
    { code: LOAD_HALF_BEYOND, k: UDP_SOURCE },
    { code: IF_EQUAL, k: 67, yes: 'whole' },
    { code: IF_EQUAL, k: 4011, yes: 'whole', no: drop },
    { name: 'icmp', code: LOAD_BYTE_BEYOND, k: IP },
    { code: IF_EQUAL, k: ICMP_UNREACHABLE, no: drop },
    { name: 'head', code: RETURN, k: HEAD_BYTES },
    { name: 'whole', code: RETURN, k: WHOLE },
    { name: drop, code: RETURN, k: 0 },
  ]);
}

/** Names become distances. */
function resolve(steps: readonly Step[]): Instruction[] {
  const places = new Map(steps.map(({ name }, at) => [name, at]));
  return steps.map(({ code, k, yes, no }, at) => {
    const distance = (name: string | undefined) => (name === undefined ? 0 : places.get(name)! - at - 1);
    return [code, k, distance(yes), distance(no)];
  });
}
