import { decideBoot } from '../boot/policy.ts';
import type { BootDecision } from '../boot/settings.ts';
import { expand } from './boot-options.ts';
import { ownAddressFor } from './select-network.ts';
import type { ClientTerms } from './terms.ts';
import type { Turn } from './turn.ts';

/**
 * Is this client ours to answer? Firmware and loaders are; so is a machine that booted here, in every later stage, and
 * one with a reservation; others only with `answerAll`, for on a foreign LAN they belong to another server.
 */
export function isAdmitted(turn: Turn): boolean {
  const { answerAll } = turn.context.plan.settings;
  return answerAll || turn.client.netboot || turn.bootedHere || turn.hosts.length > 0;
}

/** What the client boots; undefined for one that boots nothing: no firmware, and it does not ask for a file. */
export function bootOf(turn: Turn, terms: ClientTerms): BootDecision | undefined {
  const { client, request, context } = turn;
  const asked = request.packet.options.get(55);
  const wants = client.netboot || client.kind === 'bootp' || asked === undefined || asked.includes(67);
  if (!wants) return undefined;
  const { network, reservation, ruleFile, profile } = terms;
  const decision = decideBoot(client, {
    settings: network.boot,
    ...(context.exists && { exists: context.exists }),
    ...(reservation?.file !== undefined && { machineFile: reservation.file }),
    ...(ruleFile && { ruleFile }),
    ...(profile && { profile: profile.name }),
  });
  // Nothing to fill in, as a rule; and then nothing to copy.
  if (!decision.file?.includes('$')) return decision;
  const { nextServer } = network;
  const server = nextServer === 'auto' ? ownAddressFor(request, context.plan, network) : nextServer;
  return { ...decision, file: expand(decision.file, { client, mac: turn.identity.mac, nextServer: server }) };
}

/** Why firmware gets no answer: we have nothing it could boot. Others are answered without a file. */
export function bootless(turn: Turn, boot: BootDecision | undefined): boolean {
  return turn.client.netboot && boot?.file === undefined && !turn.context.plan.settings.answerAll;
}
