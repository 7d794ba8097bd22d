import type { BootMachine } from '../boot/machine.ts';
import { profileNamed, selectProfile } from '../boot/selection.ts';
import { parseIpv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { type Mac, parseMac } from '../lib/mac.ts';
import { didYouMean } from '../lib/near.ts';
import { portOwner } from '../net/port-owner.ts';
import { ControlError } from '../server/control/control-error.ts';
import type { MachineJson, MachineOperations, StoryJson } from '../server/control/machine-routes.ts';
import { archNamed } from '../timeline/case.ts';
import type { Facts } from '../timeline/explanation.ts';
import type { MachineStory, MachineSummary } from '../timeline/summary.ts';
import { whoAmI } from './check-access.ts';
import type { ControlParts } from './control-parts.ts';
import { StartProblem } from './start-problem.ts';
import { gatherWhyFacts } from './why-facts.ts';

type Parts = Pick<ControlParts, 'composed' | 'timeline'>;

/** Machines, why their boots went as they did, and what they boot next. */
export function createMachineOperations({ composed, timeline }: Parts): MachineOperations {
  const { boot } = composed.inside;

  function noMachine(id: string): ControlError {
    return new ControlError(
      404,
      'no-such-machine',
      `Nothing was heard of ${id}; pxectl machines lists who was`,
    );
  }

  function storyOf(id: string, facts?: Facts): StoryJson {
    const story = timeline.machine(nameOf(id), facts);
    if (!story) throw noMachine(id);
    return { ...storyJson(story), ...choiceJson(story.mac), ...nextJson(story) };
  }

  function choiceJson(mac: Mac | undefined): Pick<StoryJson, 'chosen'> {
    const choice = mac === undefined ? undefined : boot.keeper?.choiceOf(mac);
    if (!choice) return {};
    const { profile, once, since, takenAt } = choice;
    return { chosen: { profile, once, since: isoOf(since), taken: takenAt !== undefined } };
  }

  function nextJson(story: MachineSummary): Pick<StoryJson, 'next'> {
    const { policy, keeper } = boot;
    const { mac } = story;
    if (!policy || mac === undefined) return {};
    const machine = machineNow(story, mac);
    const { profile, reason } = selectProfile(machine, policy, keeper?.progressOf(mac));
    return { next: { reason, ...(profile && { profile: profile.name }) } };
  }

  /** As it is known now; where its address is nobody's any more, as it was. */
  function machineNow({ ip, arch, hostname }: MachineSummary, mac: Mac): BootMachine {
    const known = ip === undefined ? undefined : boot.machineOf(ip);
    if (known?.mac === mac) return known;
    const row = archNamed(arch);
    return {
      ...{ mac, ip: parseIpv4(ip ?? '') ?? UNSPECIFIED, tags: [] },
      ...(row && { arch: row }),
      ...(hostname !== undefined && { hostname }),
    };
  }

  function macOf(id: string): Mac {
    const mac = parseMac(id) ?? timeline.boot(nameOf(id))?.machine.mac;
    if (mac !== undefined) return mac;
    if (!timeline.boot(nameOf(id))) throw noMachine(id);
    throw new ControlError(409, 'mac-unknown', `Nobody knows the MAC of ${id}; name the machine by that`);
  }

  function takeBack(mac: Mac): boolean {
    try {
      return boot.takeBack(mac);
    } catch (error) {
      if (!(error instanceof StartProblem)) throw error;
      throw new ControlError(503, 'unreadable-state', error.message);
    }
  }

  return {
    machines: (most) => timeline.machines(most).map(machineJson),
    machine: (id) => storyOf(id),
    async why(id) {
      const found = timeline.boot(nameOf(id));
      if (!found) throw noMachine(id);
      const { root, links } = composed.inside.facts();
      const { openBeneath } = composed.inside.network;
      const facts = await gatherWhyFacts(found.boot, found.machine.ip, {
        ...{ root, links, servers: timeline.servers, user: whoAmI() },
        tree: { ignoreCase: composed.setup.config.tftp['ignore-case'], ...(openBeneath && { openBeneath }) },
        ownerOf: othersPort,
      });
      return storyOf(id, facts);
    },
    boot(id, { profile: name, once }) {
      const mac = macOf(id);
      if (name === null) {
        const cleared = `${mac} boots what the configuration says`;
        return {
          machine: mac,
          profile: null,
          once: false,
          text: takeBack(mac) ? cleared : cleared + UNSAVED,
        };
      }
      const { policy, keeper } = boot;
      if (!policy || !keeper) {
        const message = 'There are no profiles to choose from: write some into the configuration (profiles)';
        throw new ControlError(409, 'no-profiles', message);
      }
      const profile = profileNamed(policy.profiles, name);
      if (!profile) {
        const names = ['local', ...policy.profiles.keys()];
        const message = `There is no profile ${name}${didYouMean(name, names, `; there is ${names.join(', ')}`)}`;
        throw new ControlError(422, 'no-such-profile', message, { profiles: names });
      }
      if (profile.instead !== undefined) {
        const message = `Profile ${name} is never offered (once: never); ${profile.instead} is in its place`;
        throw new ControlError(422, 'never-offered', message);
      }
      const chosen = `${mac} boots ${name} ${once ? 'the next time' : 'from now on'}`;
      const text = keeper.choose(mac, { profile, once }) ? chosen : chosen + UNSAVED;
      return { machine: mac, profile: name, once, text };
    },
    forget(id) {
      const mac = macOf(id);
      const forgotten = boot.keeper?.forget(mac) ?? false;
      const text = forgotten
        ? `${mac} is offered everything again`
        : `nothing was known of what ${mac} has installed`;
      return { machine: mac, forgotten, text };
    },
  };
}

const UNSAVED = '; that could not be saved, and a restart of pxed forgets it';

/** As it is kept: MACs in lower case with colons, UUIDs in lower case. */
function nameOf(id: string): string {
  return parseMac(id) ?? id.toLowerCase();
}

function othersPort(port: number): string | undefined {
  const owner = portOwner(port);
  return owner?.endsWith(`pid ${process.pid}`) ? undefined : owner;
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}

/** As events and routes tell it. */
export function machineJson({ since, lastSeen, ...rest }: MachineSummary): MachineJson {
  return { ...rest, since: isoOf(since), lastSeen: isoOf(lastSeen) };
}

function storyJson({ steps, left, explanation, earlier, ...summary }: MachineStory): StoryJson {
  return {
    ...machineJson(summary),
    steps: steps.map(({ at, ...step }) => ({ at: isoOf(at), ...step })),
    left,
    explanation: { ...explanation, reasons: [...explanation.reasons] },
    earlier: earlier.map(({ began, ended, ...boot }) => ({
      began: isoOf(began),
      ended: isoOf(ended),
      ...boot,
    })),
  };
}
