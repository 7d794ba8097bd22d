import type { BootEvent, Emit } from '../events/event.ts';
import { type Ipv4, parseIpv4 } from '../lib/ipv4.ts';

type FileRequest = Extract<BootEvent, { type: `${'tftp' | 'http'}.${'started' | 'probed' | 'refused'}` }>;

const REQUESTS: ReadonlySet<string> = new Set<FileRequest['type']>([
  ...(['tftp.started', 'tftp.probed', 'tftp.refused'] as const),
  ...(['http.started', 'http.probed', 'http.refused'] as const),
]);

function isRequest(event: BootEvent): event is FileRequest {
  return REQUESTS.has(event.type);
}

/** Passes events on, and tells DHCP who asks for files: that machine took the answer it got. */
export function createDownloads(emit: Emit) {
  let told: (ip: Ipv4) => void = () => {};
  return {
    emit(event: BootEvent): void {
      emit(event);
      if (!isRequest(event)) return;
      const ip = parseIpv4(event.peer);
      if (ip !== undefined) told(ip);
    },
    /** From now on `listener` is told. */
    tell(listener: (ip: Ipv4) => void): void {
      told = listener;
    },
  };
}
