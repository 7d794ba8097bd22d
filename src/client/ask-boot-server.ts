/** Asks port 4011 which file to boot, once the machine has its address (PXE 2.1 §2.4.5, §2.5.1). */
import { encode, MessageType, messageType } from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import { bootSourceOf, CLIENT_PORT, ownReply } from './dhcp-reply.ts';
import { BOOT_SERVER_PORT, bootServerRequestOf, firmwareOf, limitsFor } from './dhcp-voice.ts';
import { type Exchange, failure, type Outcome, secondsText, success } from './exchange.ts';
import type { Offer } from './offers.ts';
import type { RomIdentity } from './rom-identity.ts';

/** PXE 2.1 §2.2.2. */
const RETRY_MS = [1000, 2000, 3000, 4000] as const;

export type BootSource = { readonly server: Ipv4; readonly file: string };

/**
 * EDK2 asks from port 4011, everybody else from 68, and answers go where the question came from. Failure codes: `no-boot-server`
 * (nobody answers), `boot-server-closed` (ICMP said so), `no-boot-file`.
 */
export function createAskBootServer(
  rom: RomIdentity,
  { ip, ask }: { readonly ip: Ipv4; readonly ask: NonNullable<Offer['ask']> },
  startedAt: number,
): Exchange<BootSource> {
  const sourcePort = firmwareOf(rom) === 'uefi' ? BOOT_SERVER_PORT : CLIENT_PORT;
  const bytes = encode(bootServerRequestOf(rom, ip, ask.item), limitsFor(rom));
  const where = `port ${BOOT_SERVER_PORT} of ${formatIpv4(ask.server)}`;
  let tries = 0;
  let sendAt = startedAt;
  let result: Outcome<BootSource> | undefined;
  return {
    receive(datagram) {
      if (result || datagram.destinationPort !== sourcePort || datagram.sourcePort === 67) return;
      const packet = ownReply(datagram.bytes, rom);
      if (!packet || messageType(packet) !== MessageType.ACK) return;
      const source = bootSourceOf(packet, firmwareOf(rom));
      // Without siaddr it is the one that answers: Table 2-5 of PXE 2.1 has no siaddr at all.
      if (typeof source !== 'string') result = success(source);
      else if (packet.file === '') result = failure('no-boot-file', `${where}: ${source}`);
      else result = success({ server: datagram.source, file: packet.file });
    },
    unreachable({ destination, destinationPort }) {
      if (result || destination !== ask.server || destinationPort !== BOOT_SERVER_PORT) return;
      result = failure('boot-server-closed', `${where} is closed: the offer leads there for the boot file`);
    },
    poll(now) {
      if (result || now < sendAt) return undefined;
      const wait = RETRY_MS[tries];
      if (wait === undefined) {
        const waited = secondsText(now - startedAt);
        result = failure(
          'no-boot-server',
          `no answer from ${where} in ${waited}: the offer leads there for the boot file`,
        );
        return undefined;
      }
      tries++;
      sendAt = now + wait;
      return { sourcePort, destination: ask.server, destinationPort: BOOT_SERVER_PORT, bytes };
    },
    deadline: () => (result ? Number.POSITIVE_INFINITY : sendAt),
    result: () => result,
  };
}
