/** Address and boot file in one question and one answer (RFC 951 §4, RFC 1542 §3). */
import { messageType } from '../dhcp-packet/index.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { bootSourceOf, replyOf, senderOf } from './dhcp-reply.ts';
import { discoverOf, toServers } from './dhcp-voice.ts';
import { DHCP_RETRY_MS, dhcpClosed } from './discover.ts';
import { type Exchange, failure, type Outcome, secondsText, success } from './exchange.ts';
import { type Lease, leaseFacts } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';

/** Its failure codes are `no-reply`, `dhcp-closed`, `no-boot-file` and `other-server`. */
export function createBootp(rom: RomIdentity, startedAt: number): Exchange<Lease> {
  let tries = 0;
  let sendAt = startedAt;
  let stranger: string | undefined;
  let result: Outcome<Lease> | undefined;
  return {
    receive(datagram) {
      const packet = result ? undefined : replyOf(datagram, rom);
      if (!packet || packet.yiaddr === 0 || messageType(packet) !== undefined) return;
      // Without option 54 only the sender tells who it is; siaddr may be another machine's.
      const sender = packet.options.has(54) ? senderOf(packet) : datagram.source;
      if (rom.server !== undefined && sender !== rom.server) {
        stranger = `${formatIpv4(sender)} gives ${formatIpv4(packet.yiaddr)}; ${formatIpv4(rom.server)} answered nothing`;
        return;
      }
      const source = bootSourceOf(packet);
      result =
        typeof source === 'string'
          ? failure('no-boot-file', source)
          : success({
              ...leaseFacts(packet),
              dhcpServer: sender,
              bootServer: source.server,
              bootFile: source.file,
            });
    },
    unreachable(notice) {
      result ??= dhcpClosed(notice);
    },
    poll(now) {
      if (result || now < sendAt) return undefined;
      const wait = DHCP_RETRY_MS[tries];
      if (wait === undefined) {
        const waited = `no BOOTP server gave an address in ${secondsText(now - startedAt)}`;
        result = stranger === undefined ? failure('no-reply', waited) : failure('other-server', stranger);
        return undefined;
      }
      tries++;
      sendAt = now + wait;
      return toServers(rom, discoverOf(rom, (now - startedAt) / 1000));
    },
    deadline: () => (result ? Number.POSITIVE_INFINITY : sendAt),
    result: () => result,
  };
}
