import { archCode, archOf } from '../boot/arch-table.ts';
import { isNameOf } from '../boot/config-name.ts';
import type { BootMachine } from '../boot/machine.ts';
import { type ConfigName, configNameOf, render } from '../boot/rendering.ts';
import { type BootPolicy, selectProfile } from '../boot/selection.ts';
import type { FileExists } from '../boot/settings.ts';
import type { Config } from '../config/schema.ts';
import { clientUuidFromSmbios } from '../dhcp-packet/index.ts';
import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import { loadNetwork } from '../net/load.ts';
import { treePath } from '../tftp/filename.ts';
import { bootPolicyOf } from './boot-policy.ts';
import { EXIT } from './exit-codes.ts';
import { linkOf } from './facts.ts';
import { wantsHttp, withOwnUrl } from './http-ports.ts';
import { readConfig } from './read-config.ts';
import { createRootFiles } from './root-files.ts';
import { type SimulatedLinks, simulatedLinks } from './simulated-link.ts';

export type RenderReportIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Throws what node:fs throws. */
  readonly readText: (file: string) => string;
  /** This machine's, when left out. Those that the configuration names count, or all when it names none. */
  readonly interfaces?: readonly InterfaceFacts[];
};

/** The machine, as far as it is told, and the name that its loader asks for. */
export type RenderQuestion = {
  readonly config: string;
  readonly name: string;
  readonly mac: Mac;
  /** Absent: the address of its entry in hosts. */
  readonly ip?: Ipv4;
  /** As dmidecode prints it. */
  readonly uuid?: string;
  /** Name or number of option 93. */
  readonly arch?: string;
  readonly hostname?: string;
  /** giaddr. */
  readonly via?: Ipv4;
};

/**
 * `pxectl render`: prints the configuration that a machine's loader would be given, as if nothing were installed yet. No pxed
 * has to run. Resolves to the exit code: 0 when there is one, 1 when there is none, 2 for a wrong command line or configuration.
 */
export async function reportRendering(question: RenderQuestion, io: RenderReportIo): Promise<number> {
  const say = (text: string) => io.err.write(`pxectl: ${text}\n`);
  const config = readConfig(question.config, io.readText);
  if (Array.isArray(config)) {
    config.forEach(say);
    return EXIT.USAGE;
  }
  const path = treePath(question.name);
  const name = path.ok ? configNameOf(path.value.path) : undefined;
  if (!path.ok || !name) {
    say(`No loader asks for "${question.name}"; they do for pxelinux.cfg/default, grub/grub.cfg, boot.ipxe`);
    return EXIT.USAGE;
  }
  const exists = rootFilesOf(config);
  if (exists?.(path.value.path)) say(`the root has a file ${path.value.path}, which goes before this`);
  const { links, notes } = linksOf(config, io.interfaces ?? (await loadNetwork()).interfaces());
  notes.forEach(say);
  const policy = policyOf(config, links);
  const outcome = renderingOf(name, machineOf(question, config), { policy, exists });
  if (typeof outcome === 'string') {
    say(outcome);
    return EXIT.START;
  }
  io.out.write(outcome.text);
  return EXIT.OK;
}

type Known = { readonly policy: BootPolicy | undefined; readonly exists: FileExists | undefined };

/** The rendering, or why there is none. */
function renderingOf(name: ConfigName, machine: BootMachine, { policy, exists }: Known) {
  if (!policy) return 'The configuration has no profiles';
  if (!isNameOf(name, machine)) return 'That is the name of another machine: nothing is made for it';
  const selection = selectProfile(machine, policy);
  const rendered = render(name, { machine, policy, selection, exists });
  return rendered ?? `Nothing is made for ${machine.mac}: ${selection.reason}`;
}

/** A configuration is often written on another machine than the one that will serve. */
function linksOf(config: Config, here: readonly InterfaceFacts[]): SimulatedLinks {
  if (config.interfaces) return simulatedLinks(config, { here });
  return { links: here.filter(({ loopback }) => !loopback).map(linkOf), notes: [] };
}

function policyOf(config: Config, links: SimulatedLinks['links']): BootPolicy | undefined {
  const setup = { tool: 'pxed' as const, config, overrides: {} };
  const ports = wantsHttp(config) ? [{ port: config.http.port }] : [];
  return bootPolicyOf(withOwnUrl(setup, ports), { links });
}

function rootFilesOf({ tftp }: Config): FileExists | undefined {
  return tftp.root === undefined
    ? undefined
    : createRootFiles(tftp.root, { ignoreCase: tftp['ignore-case'] });
}

function machineOf(question: RenderQuestion, { hosts }: Config): BootMachine {
  const { mac, uuid, arch, hostname, via } = question;
  const entry = hosts.find((host) => host.mac === mac);
  const code = arch === undefined ? undefined : archCode(arch);
  const { smbios, wire } = uuid === undefined ? {} : clientUuidFromSmbios(uuid);
  return {
    mac,
    ip: question.ip ?? entry?.address ?? UNSPECIFIED,
    ...(smbios !== undefined && wire !== undefined && { uuid: { smbios, wire } }),
    ...(code !== undefined && { arch: archOf(code) }),
    ...(hostname !== undefined && { hostname }),
    ...(via !== undefined && { relay: { via } }),
    tags: [],
  };
}
