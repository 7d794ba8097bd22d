import {
  createPacket,
  decode,
  encode,
  MessageType,
  Op,
  readOption,
  replyBudget,
  writeOption,
} from '../../src/dhcp-packet/index.ts';

/** An OFFER of 10.0.0.130 for whatever DISCOVER is in `datagram`. */
export function offer(datagram: Uint8Array): Uint8Array | undefined {
  const result = decode(datagram);
  if (!result.ok) return undefined; // result.reason: 'short-header', 'option-overrun', …

  const { packet: request } = result.value;
  const arch = readOption(request.options, 'client-arch')?.[0] ?? 0;
  const { xid, flags, giaddr, chaddr } = request;
  const reply = createPacket({ op: Op.REPLY, xid, flags, giaddr, chaddr, yiaddr: 0x0a000082 });
  writeOption(reply.options, 'message-type', MessageType.OFFER);
  writeOption(reply.options, 'server-id', 0x0a000001);
  writeOption(reply.options, 'lease-time', 3600);
  writeOption(reply.options, 'bootfile-name', arch === 0 ? 'pxelinux.0' : 'snponly.efi');
  return encode(reply, { maxSize: replyBudget(request.options, 1500) });
}
