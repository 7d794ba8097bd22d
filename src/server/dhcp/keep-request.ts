import type { DhcpRequest } from '../../dhcp/conversation.ts';

/** A request that waits: nothing of it lies in the receive buffer any more. */
export function keepRequest(request: DhcpRequest): DhcpRequest {
  const { packet } = request;
  const options = new Map([...packet.options].map(([code, body]) => [code, body.slice()]));
  const vendBytes = packet.vendBytes?.slice();
  return {
    ...request,
    packet: { ...packet, chaddr: packet.chaddr.slice(), options, ...(vendBytes && { vendBytes }) },
  };
}
