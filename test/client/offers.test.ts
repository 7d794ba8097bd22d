import { describe, expect, test } from 'vitest';
import { createOffers } from '../../src/client/offers.ts';
import type { Firmware } from '../../src/client/rom-identity.ts';
import {
  createPacket,
  type DhcpPacket,
  DiscoveryControl,
  Op,
  writeOption,
  writePxe,
} from '../../src/dhcp-packet/index.ts';
import { CLIENT, SERVER } from './fake-server.ts';

const PROXY = SERVER + 1;

type Told = {
  readonly from?: number;
  readonly ip?: number;
  readonly file?: string;
  readonly vendor?: string;
  readonly siaddr?: number;
  /** 43.6 = 8 */
  readonly useFile?: boolean;
  /** Types of the menu's lines. */
  readonly menu?: readonly number[];
};

function offer({
  from = SERVER,
  ip = CLIENT,
  file = '',
  vendor,
  siaddr = from,
  useFile,
  menu,
}: Told): DhcpPacket {
  const packet = createPacket({ op: Op.REPLY, xid: 1, yiaddr: ip, siaddr, file });
  writeOption(packet.options, 'server-id', from);
  if (vendor !== undefined) writeOption(packet.options, 'vendor-class-id', vendor);
  if (useFile || menu) {
    writePxe(packet.options, {
      values: {
        ...(useFile && { discoveryControl: DiscoveryControl.useBootFile }),
        ...(menu && {
          bootServers: menu.filter((type) => type > 0).map((type) => ({ type, servers: [from] })),
          bootMenu: menu.map((type) => ({ type, text: `line ${type}` })),
          menuPrompt: { timeout: 5, text: 'x' },
        }),
      },
    });
  }
  return packet;
}

const PXE = 'PXEClient';
const FULL: Told = { file: 'x.0', vendor: PXE, useFile: true };
const NO_43: Told = { file: 'x.0', vendor: PXE };
const PLAIN: Told = { file: 'x.0' };
const BARE: Told = {};

/** At once, at last, or nothing: and by which way. */
function taken(firmware: Firmware, told: readonly Told[], wanted?: number): string {
  const offers = createOffers(firmware, wanted);
  for (const one of told) offers.add(offer(one));
  const now = offers.best();
  const outcome = now ?? offers.final();
  if (!outcome.ok) return outcome.why;
  const { proxy, ask, local } = outcome.value;
  const way = local
    ? 'local'
    : ask
      ? `asks ${ask.server === SERVER ? 'server' : 'proxy'}`
      : proxy
        ? 'proxy'
        : 'server';
  return `${now ? 'at once' : 'later'}: ${way}`;
}

describe('createOffers()', () => {
  test.each<[name: string, told: readonly Told[], bios: string, uefi: string]>([
    ['everything', [FULL], 'at once: server', 'at once: server'],
    ['PXEClient without 43', [NO_43], 'at once: server', 'later: asks server'],
    ['a file alone', [PLAIN], 'later: server', 'later: server'],
    ['an address alone', [BARE], 'no-boot-file', 'no-boot-file'],
    ['PXEClient without a file', [{ vendor: PXE }], 'later: asks server', 'later: asks server'],
    ['an address and a proxy', [BARE, { ...FULL, ip: 0, from: PROXY }], 'at once: proxy', 'at once: proxy'],
    ['a proxy without 43', [BARE, { ...NO_43, ip: 0, from: PROXY }], 'at once: proxy', 'later: asks proxy'],
    [
      'a proxy without a file',
      [BARE, { vendor: PXE, ip: 0, from: PROXY }],
      'later: asks proxy',
      'later: asks proxy',
    ],
    ['a proxy without PXEClient', [BARE, { ...PLAIN, ip: 0, from: PROXY }], 'no-boot-file', 'no-boot-file'],
    ['a menu', [{ vendor: PXE, menu: [7, 0] }], 'later: asks server', 'later: asks server'],
    ['a menu that begins with the disk', [{ vendor: PXE, menu: [0, 7] }], 'later: local', 'later: local'],
    ['a menu and a file that goes before it', [{ ...FULL, menu: [7] }], 'at once: server', 'at once: server'],
  ])('of %s', (_, told, bios, uefi) => {
    expect(taken('bios', told)).toBe(bios);
    expect(taken('ipxe', told)).toBe(bios);
    expect(taken('uefi', told)).toBe(uefi);
  });

  const URL = 'http://10.0.0.1/x.efi';
  test.each<[name: string, told: readonly Told[], want: string]>([
    ['a URL of an HTTP server', [{ file: URL, vendor: 'HTTPClient' }], 'at once: server'],
    ['a URL without the vendor class', [{ file: URL }], 'no-http-offer'],
    ['a path', [{ file: 'x.efi', vendor: 'HTTPClient' }], 'no-boot-file'],
    ['a PXE server’s file', [FULL], 'no-http-offer'],
    [
      'an address and a proxy’s URL',
      [BARE, { file: URL, vendor: 'HTTPClient', ip: 0, from: PROXY }],
      'at once: proxy',
    ],
  ])('for UEFI HTTP, of %s', (_, told, want) => {
    expect(taken('http', told)).toBe(want);
  });

  test('needs siaddr for BIOS, and takes the sender in its place for UEFI', () => {
    const told = [{ ...FULL, siaddr: 0 }];
    expect(taken('bios', told)).toBe('no-boot-file');
    expect(taken('uefi', told)).toBe('at once: server');
  });

  test('passes others over when one server is wanted', () => {
    const other = { ...FULL, from: PROXY, ip: CLIENT + 1 };
    expect(taken('bios', [other, FULL], SERVER)).toBe('at once: server');
    expect(taken('bios', [other], SERVER)).toBe('other-server');
    // The wanted one may be a proxy: then the other gives the address.
    expect(
      taken(
        'bios',
        [
          { ...BARE, from: PROXY },
          { ...FULL, ip: 0 },
        ],
        SERVER,
      ),
    ).toBe('at once: proxy');
  });

  test('names the server of the menu’s line, and the line', () => {
    const offers = createOffers('bios');
    offers.add(offer({ vendor: PXE, menu: [7, 8] }));
    const outcome = offers.final();
    expect(outcome).toMatchObject({
      ok: true,
      value: { ask: { server: SERVER, item: { type: 7, layer: 0 }, line: 'line 7' } },
    });
  });

  test('keeps no more than a few offers, and of one server the newest', () => {
    const offers = createOffers('bios');
    for (let i = 0; i < 100; i++) offers.add(offer({ ...BARE, from: SERVER + i }));
    offers.add(offer({ ...FULL, from: SERVER + 99 }));
    expect(offers.best()).toBeUndefined();
    offers.add(offer({ ...FULL, from: SERVER }));
    expect(offers.best()).toMatchObject({ ok: true });
  });
});
