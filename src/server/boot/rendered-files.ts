import type { MachineUuid } from '../../boot/client.ts';
import type { BootProgress } from '../../boot/install-once.ts';
import type { BootMachine } from '../../boot/machine.ts';
import type { Profile } from '../../boot/profile.ts';
import { type ConfigName, configNameOf, render } from '../../boot/rendering.ts';
import { type BootPolicy, selectProfile } from '../../boot/selection.ts';
import type { FileExists } from '../../boot/settings.ts';
import { clientUuidFromSmbios } from '../../dhcp-packet/index.ts';
import type { Emit } from '../../events/event.ts';
import type { Mac } from '../../lib/mac.ts';
import { createThrottle } from '../tftp/throttle.ts';
import type { Machines } from './machine-of.ts';

/** A configuration made for whoever asked. */
export type RenderedFile = {
  /** UTF-8. */
  readonly bytes: Uint8Array;
  /** The profile it was made from. */
  readonly profile: string;
  /** Why that one, for people. */
  readonly reason: string;
};

export type RenderedFiles = {
  /**
   * What stands for a name that is not in the tree, or nothing. `path` is one of the tree, `peer` an address as text.
   * Never throws.
   */
  render(ask: {
    readonly path: string;
    readonly peer: string;
    readonly protocol: 'tftp' | 'http';
  }): RenderedFile | undefined;
};

export type RenderedParts = {
  readonly machines: Machines;
  /** Asked each time, for a reload replaces it; undefined when there are no profiles. */
  readonly policy: () => BootPolicy | undefined;
  /** Files of the boot root. */
  readonly exists: () => FileExists | undefined;
  /** What is known of a machine's installations. */
  readonly progressOf: (mac: Mac) => BootProgress | undefined;
  /** The machine is given the configuration of this profile, its placeholders filled. */
  readonly offered: (mac: Mac, profile: Profile) => void;
  readonly emit: Emit;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
};

/** A defect would show at every request. */
const WARNINGS = { perSecond: 0.2, burst: 5 };

/**
 * Makes the configurations that loaders ask for, each for the machine that asks and at the moment it asks: the profile that
 * is chosen for it now, in the language of its loader.
 */
export function createRenderedFiles(parts: RenderedParts): RenderedFiles {
  const { machines, emit, clock } = parts;
  const warnings = createThrottle(WARNINGS);
  const utf8 = new TextEncoder();

  function renderFor(name: ConfigName, peer: string): RenderedFile | undefined {
    const policy = parts.policy();
    const machine = policy && whoAsks(name, peer, machines);
    if (!policy || !machine) return undefined;
    const { mac } = machine;
    const selection = selectProfile(machine, policy, parts.progressOf(mac));
    const rendered = render(name, { machine, policy, selection, exists: parts.exists() });
    if (!rendered) return undefined;
    const { text, profile, given, reason } = rendered;
    // What is fetched is counted by the address it goes to. Whoever only says the machine's name begins no boot of it.
    if (machines.at(peer)?.mac === mac) parts.offered(mac, given);
    return { bytes: utf8.encode(text), profile, reason };
  }

  return {
    render({ path, peer }) {
      const name = configNameOf(path);
      if (!name) return undefined;
      try {
        return renderFor(name, peer);
      } catch (error) {
        const detail = `${peer} asked for ${path}, and no configuration was made: ${String(error)}`;
        if (warnings.pass(clock()))
          emit({ type: 'service.warning', service: 'boot', problem: 'internal-error', detail });
        return undefined;
      }
    },
  };
}

/**
 * The machine at that address. Where nobody knows who that is, as behind a router to another server's clients, the name
 * tells: PXELINUX, GRUB and U-Boot put their MAC into it. Likewise for a UUID that DHCP did not tell.
 */
function whoAsks({ whose }: ConfigName, peer: string, machines: Machines): BootMachine | undefined {
  if (whose === 'any' || 'hexIp' in whose) return machines.at(peer);
  if ('mac' in whose) return machines.called(whose.mac, peer) ?? machines.at(peer);
  const machine = machines.at(peer);
  return machine && { uuid: uuidInName(whose.uuid), ...machine };
}

/** Names have the octets in the order of the wire. */
function uuidInName(wire: string): MachineUuid {
  // The two spellings differ by an exchange that is its own inverse.
  return { smbios: clientUuidFromSmbios(wire).wire ?? wire, wire };
}
