/** The wire format of DHCPv4, BOOTP and PXE. README.md beside this file tells the story. */
export { type ClientId, describeClientId } from './client-id.ts';
export { type DecodedPacket, type DecodeOptions, decode, type Warning } from './decode.ts';
export type { Encapsulated } from './encapsulation.ts';
export {
  type EncodeLimits,
  type EncodeReport,
  encode,
  encodeInto,
  encodeReport,
  encodingLength,
} from './encode.ts';
export type { IpxeBusId, IpxeOptions, IpxeVersion } from './ipxe.ts';
export {
  joinsLongOptions,
  MINIMUM_BUDGET,
  readOption,
  readPxe,
  replyBudget,
  tryOption,
  writeOption,
  writePlainText,
  writePxe,
} from './option-access.ts';
export {
  OPTION_BY_CODE,
  OPTION_TABLE,
  type OptionKey,
  type OptionRow,
  type OptionValue,
} from './option-table.ts';
export {
  BROADCAST_FLAG,
  createPacket,
  type DhcpPacket,
  FILE_SIZE,
  hardwareAddress,
  MessageType,
  messageType,
  messageTypeName,
  Op,
  type Options,
  SNAME_SIZE,
  secondsElapsed,
  wantsBroadcast,
} from './packet.ts';
export type { Dropped } from './place-options.ts';
export {
  DiscoveryControl,
  type PxeBootItem,
  type PxeBootServers,
  type PxeMenuEntry,
  type PxeMenuPrompt,
  type PxeMulticastAllocation,
  type PxeOptions,
} from './pxe.ts';
export { type RelayAgentInfo, relayAgentInfo } from './relay-agent.ts';
export type { AddressPair } from './shapes/address-pairs.ts';
export type { Authentication } from './shapes/authentication.ts';
export type { ClasslessRoute } from './shapes/classless-routes.ts';
export type { ClientFqdn } from './shapes/client-fqdn.ts';
export { type ClientUuid, clientUuidFromSmbios } from './shapes/client-uuid.ts';
export type { NetworkInterface } from './shapes/network-interface.ts';
export type { CodedBody, Shape } from './shapes/shape.ts';
export type { VendorClass, VendorOptions } from './shapes/vendor-identifying.ts';
