import { expect, test } from 'vitest';
import { ARCHS, archOf } from '../../src/boot/arch-table.ts';
import { describeClient } from '../../src/boot/client.ts';
import {
  firmwareRequest,
  limitsOf,
  offerOf,
  type Speaker,
  STAGES,
  takeOffer,
} from '../../src/client/firmware-request.ts';
import {
  clientUuidFromSmbios,
  createPacket,
  decode,
  encode,
  hardwareAddress,
  MessageType,
  messageType,
  Op,
  readOption,
  writeOption,
} from '../../src/dhcp-packet/index.ts';

const MAC = '52:54:00:12:34:56';
const SPEAKER: Speaker = { mac: MAC, arch: 0, stage: 'rom', xid: 7, seconds: 4 };

function said(about: Partial<Speaker>) {
  const speaker = { ...SPEAKER, ...about };
  const decoded = decode(encode(firmwareRequest(speaker), limitsOf(speaker)), { tolerance: 'strict' });
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

test.each<[about: Partial<Speaker>, kind: string, stage: string]>([
  [{}, 'pxe', 'rom'],
  [{ arch: 7 }, 'pxe', 'rom'],
  [{ arch: 11 }, 'pxe', 'rom'],
  [{ arch: 16 }, 'http', 'rom'],
  [{ arch: 22 }, 'u-boot', 'loader'],
  [{ stage: 'ipxe' }, 'ipxe', 'ipxe'],
  [{ stage: 'ipxe', arch: 7 }, 'ipxe', 'ipxe'],
  [{ stage: 'loader' }, 'other', 'loader'],
  [{ stage: 'loader', arch: 21 }, 'u-boot', 'loader'],
  [{ stage: 'installer' }, 'other', 'installer'],
  [{ stage: 'os' }, 'other', 'os'],
  [{ stage: 'bootp' }, 'bootp', 'unknown'],
])('firmwareRequest() of %o is taken for %s, stage %s', (about, kind, stage) => {
  expect(describeClient(said(about))).toMatchObject({ kind, stage });
});

test('firmwareRequest() says every architecture as it is, and nothing the codec would drop', () => {
  for (const stage of STAGES)
    for (const { code } of ARCHS) {
      const packet = said({ stage, arch: code, uuid: new Uint8Array(16).fill(0x42) });
      expect(hardwareAddress(packet)).toBe(MAC);
      if (stage !== 'rom' && stage !== 'ipxe') continue;
      expect(describeClient(packet).archs[0]).toEqual(archOf(code));
      expect(describeClient(packet).uuid?.wire).toBe('42424242-4242-4242-4242-424242424242');
    }
});

test('firmwareRequest() takes what else is told of the machine', () => {
  const { bytes } = clientUuidFromSmbios('564d8a10-97c2-4f05-9d3a-0123456789ab');
  const packet = said({
    uuid: bytes,
    vendorClass: 'PXEClient:mine',
    hostname: 'node7',
    via: 0x0a000003,
    wants: 5,
  });
  expect(describeClient(packet)).toMatchObject({
    vendorClass: 'PXEClient:mine',
    uuid: { smbios: '564d8a10-97c2-4f05-9d3a-0123456789ab' },
  });
  expect(packet).toMatchObject({ giaddr: 0x0a000003, hops: 1 });
  expect([readOption(packet.options, 'host-name'), readOption(packet.options, 'requested-ip')]).toEqual([
    'node7',
    5,
  ]);
});

test('takeOffer() asks for what was offered in the words of the DISCOVER', () => {
  const asked = firmwareRequest(SPEAKER);
  const offer = createPacket({ op: Op.REPLY, yiaddr: 0x0a000032 });
  writeOption(offer.options, 'message-type', MessageType.OFFER);
  writeOption(offer.options, 'server-id', 0x0a000001);
  const taken = takeOffer(asked, offerOf(offer)!);
  expect(messageType(taken)).toBe(MessageType.REQUEST);
  expect(readOption(taken.options, 'requested-ip')).toBe(0x0a000032);
  expect(readOption(taken.options, 'server-id')).toBe(0x0a000001);
  expect(taken.options.get(93)).toEqual(asked.options.get(93));
  expect(messageType(asked)).toBe(MessageType.DISCOVER);
});

test('offerOf() is no offer of a proxy, and no other message', () => {
  const proxy = createPacket({ op: Op.REPLY });
  writeOption(proxy.options, 'message-type', MessageType.OFFER);
  expect([offerOf(proxy), offerOf(firmwareRequest(SPEAKER))]).toEqual([undefined, undefined]);
});
