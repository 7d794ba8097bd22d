/** Gives the address back (RFC 2131 §4.4.6). No answer comes: it is done when it was said. */
import { encode } from '../dhcp-packet/index.ts';
import { CLIENT_PORT, SERVER_PORT } from './dhcp-reply.ts';
import { releaseOf } from './dhcp-voice.ts';
import { type Exchange, success } from './exchange.ts';
import type { Lease } from './request.ts';
import type { RomIdentity } from './rom-identity.ts';

export function createRelease(rom: RomIdentity, lease: Lease): Exchange<undefined> {
  const server = rom.via === undefined ? lease.dhcpServer : (rom.server ?? lease.dhcpServer);
  let said = false;
  return {
    receive: () => {},
    poll() {
      if (said) return undefined;
      said = true;
      return {
        sourcePort: rom.via === undefined ? CLIENT_PORT : SERVER_PORT,
        destination: server,
        destinationPort: SERVER_PORT,
        bytes: encode(releaseOf(rom, { ip: lease.ip, server: lease.dhcpServer })),
      };
    },
    deadline: () => (said ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY),
    result: () => (said ? success(undefined) : undefined),
  };
}
