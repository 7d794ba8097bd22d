import type { BootEvent, Emit } from '../events/event.ts';
import { type Ipv4, parseIpv4 } from '../lib/ipv4.ts';

/** Passes events on, and tells DHCP who asks for files: that machine took the answer it got. */
export function createDownloads(emit: Emit) {
  let told: (ip: Ipv4) => void = () => {};
  return {
    emit(event: BootEvent): void {
      emit(event);
      if (event.type !== 'tftp.started' && event.type !== 'tftp.probed' && event.type !== 'tftp.refused')
        return;
      const ip = parseIpv4(event.peer);
      if (ip !== undefined) told(ip);
    },
    /** From now on `listener` is told. */
    tell(listener: (ip: Ipv4) => void): void {
      told = listener;
    },
  };
}
