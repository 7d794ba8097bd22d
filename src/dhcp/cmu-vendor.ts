import { type DhcpPacket, type Options, tryOption } from '../dhcp-packet/index.ts';
import { latin1Encode } from '../lib/bytes.ts';

/** CMU's vendor area, older than the tags of RFC 1497: one fixed structure (bootp.h of CMU's bootpd, `struct cmu_vend`). */

const COOKIE = latin1Encode('CMU\0');

/** The whole vendor area of RFC 951. */
const SIZE = 64;

/** Offsets: flags (bit 0 = there is a mask), mask, router, two DNS, two IEN 116 name servers, two time servers. */
const AT = { flags: 4, mask: 8, router: 12, dns: 16, names: 24, times: 32 } as const;

/** Does the client speak it? */
export function speaksCmu({ vend, vendBytes }: DhcpPacket): boolean {
  return vend === 'unknown' && vendBytes !== undefined && COOKIE.every((octet, i) => vendBytes[i] === octet);
}

/** The structure, filled from the same options as tags: 1, 3, 6, 5, 4; of lists as many as there is room for. */
export function cmuVendorArea(options: Options): Uint8Array {
  const area = new Uint8Array(SIZE);
  const view = new DataView(area.buffer);
  area.set(COOKIE);
  const mask = tryOption(options, 'subnet-mask');
  if (mask?.ok) {
    view.setUint32(AT.flags, 1);
    view.setUint32(AT.mask, mask.value);
  }
  const put = (at: number, key: 'routers' | 'dns-servers' | 'name-servers' | 'time-servers', most = 2) => {
    const list = tryOption(options, key);
    if (!list?.ok) return;
    list.value.slice(0, most).forEach((address, i) => {
      view.setUint32(at + i * 4, address);
    });
  };
  put(AT.router, 'routers', 1);
  put(AT.dns, 'dns-servers');
  put(AT.names, 'name-servers');
  put(AT.times, 'time-servers');
  return area;
}
