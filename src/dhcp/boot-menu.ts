import { findScript } from '../boot/policy.ts';
import type { BootMenu, BootMenuEntry } from '../boot/settings.ts';
import { type DhcpPacket, DiscoveryControl, writePxe } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { ClientTerms } from './terms.ts';
import type { Turn } from './turn.ts';
import { wireText } from './wire-text.ts';

/** 43.6 with a menu: no server but the listed ones is asked, and each by itself (PXE 2.1 Table 2-1). */
const ASK_LISTED = DiscoveryControl.noBroadcast | DiscoveryControl.noMulticast;

/**
 * The menu that this client is to show, with the lines it may see; undefined: it is given its file at once. So are machines
 * with a file of their own or of a rule, a Raspberry Pi, whose one line is another, and iPXE when there is a script for it: scripts
 * have menus of their own.
 */
export function menuFor(turn: Turn, terms: ClientTerms): BootMenu | undefined {
  const { client, context } = turn;
  const { boot } = terms.network;
  if (!boot.menu || terms.reservation?.file !== undefined || terms.ruleFile) return undefined;
  if (client.kind !== 'pxe' && client.kind !== 'ipxe') return undefined;
  const scripted = boot.ipxeFile !== undefined || findScript(context.exists) !== undefined;
  if (client.kind === 'ipxe' && scripted) return undefined;
  const entries = boot.menu.entries.filter(
    ({ archs }) => archs === undefined || client.archs.some(({ code }) => archs.includes(code)),
  );
  return entries.some(({ type }) => type !== 0) ? { ...boot.menu, entries } : undefined;
}

/** The line of a boot server type. */
export function entryOf(menu: BootMenu, type: number): BootMenuEntry | undefined {
  return menu.entries.find((entry) => entry.type === type);
}

/** Option 43 with prompt, lines, and the servers behind them (PXE 2.1 §2.4.3). `own`: our address, for lines of ours. */
export function writeMenu(reply: DhcpPacket, menu: BootMenu, own: Ipv4): void {
  writePxe(reply.options, {
    values: {
      discoveryControl: ASK_LISTED,
      bootServers: menu.entries
        .filter(({ type }) => type !== 0)
        .map(({ type, servers }) => ({ type, servers: servers ?? [own] })),
      bootMenu: menu.entries.map(({ type, text }) => ({ type, text: wireText(text) })),
      menuPrompt: { timeout: menu.timeoutSeconds, text: wireText(menu.prompt) },
    },
  });
}
