import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { FilesEvent } from './files-event.ts';
import type { LoopEvent, ProgressEvent } from './progress-event.ts';

/**
 * Every fact worth a log line, a counter or a row in a machine's timeline.
 *
 * Protocol code returns events as plain values; a server stamps and emits them. `why` and `failure` are stable
 * kebab-case codes; `detail` is for people. Addresses are numbers, MACs text (see lib/ipv4 and lib/mac).
 */
export type BootEvent =
  | DhcpEvent
  | BootpEvent
  | TftpEvent
  | HttpEvent
  | ProgressEvent
  | LoopEvent
  | FilesEvent
  | ServiceEvent;

/** Who a DHCP or BOOTP fact is about: `mac` as identity, `arch` and `stage` when they are known. */
export type ClientFacts = {
  readonly mac: Mac;
  readonly xid?: number;
  /** Option 97 as dmidecode prints it. */
  readonly uuid?: string;
  /** Option 93 in words, `x86-64_EFI`. */
  readonly arch?: string;
  /** rom, ipxe, loader, installer, os. */
  readonly stage?: 'rom' | 'ipxe' | 'loader' | 'installer' | 'os' | 'unknown';
  /** What it boots by, where that is not PXE. */
  readonly kind?: 'http' | 'raspberry-pi' | 'u-boot';
  /** Relay agent the request came through. */
  readonly via?: Ipv4;
  /** How long it says that it has been asking (the header's `secs`, put right where it is byte-swapped); absent for 0. */
  readonly secs?: number;
};

export type DhcpEvent =
  | ({
      readonly type: 'dhcp.offer' | 'dhcp.ack';
      readonly ip: Ipv4;
      readonly file?: string;
      /** Which rule chose the file, for people; told with the offer. */
      readonly reason?: string;
      /** The offer does not name the file: port 4011 is to be asked for it. */
      readonly later?: true;
      readonly leaseSeconds?: number;
    } & ClientFacts)
  | ({ readonly type: 'dhcp.nak'; readonly ip: Ipv4; readonly why: string } & ClientFacts)
  | ({ readonly type: 'dhcp.inform' | 'dhcp.release' | 'dhcp.decline'; readonly ip: Ipv4 } & ClientFacts)
  /** An operator took an address back, or put one that was set aside into use again; `mac` where a machine had it. */
  | { readonly type: 'lease.released'; readonly ip: Ipv4; readonly mac?: Mac; readonly by: string }
  /** Answered on port 4011 (PXE §2.4, boot server or proxy request). */
  | ({ readonly type: 'dhcp.boot-server-ack'; readonly ip: Ipv4; readonly file?: string } & ClientFacts)
  /** As proxyDHCP: another server gives the address, we told what to boot. */
  | ({
      readonly type: 'dhcp.proxy-offer';
      readonly file?: string;
      /** Lines of the menu it was shown instead of a file. */
      readonly menu?: number;
      readonly reason?: string;
      /** The answer was not the usual one. */
      readonly quirk?: string;
      /** It does not name the file: port 4011 is to be asked for it. */
      readonly later?: true;
    } & ClientFacts)
  /** Firmware is answered in another way than before: because it did not boot so far, or for good, because so it did. */
  | ({
      readonly type: 'dhcp.quirk';
      readonly why: 'no-boot' | 'worked';
      readonly quirk: string;
      readonly before: string;
    } & ClientFacts)
  /** A request that gets no answer, and the rule that says so. */
  | ({
      readonly type: 'dhcp.ignored';
      readonly messageType: string;
      readonly why: string;
      /** The address that another server gave it, where it is one to overhear. */
      readonly ip?: Ipv4;
      readonly detail?: string;
    } & ClientFacts)
  | ({ readonly type: 'dhcp.pool-exhausted'; readonly pool: string } & ClientFacts)
  /** An OFFER of no address: the client is to use IPv6 alone (RFC 8925), or not to make one up (RFC 2563). */
  | ({ readonly type: 'dhcp.no-address'; readonly why: 'ipv6-only' | 'pool-exhausted' } & ClientFacts)
  /** A relay asked who has a lease (RFC 4388). */
  | {
      readonly type: 'dhcp.lease-query';
      readonly via: Ipv4;
      /** An address, a MAC or a client id, in words. */
      readonly about: string;
      readonly answer: 'active' | 'unassigned' | 'unknown';
    }
  /** Somebody else uses an address of the pool; it is set aside. */
  | { readonly type: 'dhcp.conflict'; readonly ip: Ipv4; readonly owner?: Mac }
  /** What pxed is on an interface; beside whom, when it leaves the addresses to another server. */
  | {
      readonly type: 'dhcp.role';
      readonly interface: string;
      readonly role: 'server' | 'proxy';
      readonly ip?: Ipv4;
      readonly mac?: Mac;
    }
  /** Somebody else answers DHCP clients: gives addresses, or (`boot`) tells boot files alone. */
  | {
      readonly type: 'dhcp.other-server';
      readonly interface: string;
      readonly kind: 'address' | 'boot';
      readonly ip: Ipv4;
      /** Of the server, or the relay in front of it; unknown when a client told of it. */
      readonly mac?: Mac;
      readonly offered?: Ipv4;
      readonly file?: string;
    }
  /** We leave the addresses to another server, and no server gives any. */
  | { readonly type: 'dhcp.server-gone'; readonly interface: string }
  /** Bytes that are not a message (peer is the IP source). */
  | {
      readonly type: 'dhcp.malformed';
      readonly peer: Ipv4;
      readonly why: string;
      readonly mac?: Mac;
      /** How many more came since the last such event, which are not told one by one. */
      readonly unreported?: number;
    };

export type BootpEvent =
  | ({ readonly type: 'bootp.reply'; readonly ip: Ipv4; readonly file?: string } & ClientFacts)
  | ({ readonly type: 'bootp.ignored'; readonly why: string; readonly detail?: string } & ClientFacts);

/** `peer` is the client's address, `port` its TID. */
export type TftpPeer = { readonly peer: string; readonly port: number };

/** Options as granted, with the defaults of RFC 1350 where none were asked. */
export type TftpNegotiated = {
  readonly blksize: number;
  readonly windowsize: number;
  readonly timeoutMs?: number;
};

export type TftpEvent =
  | ({
      readonly type: 'tftp.started';
      readonly file: string;
      readonly write: boolean;
      readonly sizeBytes?: number;
      /** The profile that it was made from; absent for files of the tree. */
      readonly rendered?: string;
    } & TftpNegotiated &
      TftpPeer)
  | ({
      readonly type: 'tftp.done';
      readonly file: string;
      /** Of the tree, when that is not what was asked for: another case, a leading slash. */
      readonly path?: string;
      readonly write: boolean;
      readonly bytes: number;
      readonly tookMs: number;
      readonly retransmissions: number;
      readonly rendered?: string;
    } & TftpNegotiated &
      TftpPeer)
  | ({
      readonly type: 'tftp.failed';
      readonly file: string;
      readonly write: boolean;
      readonly failure: string;
      readonly detail?: string;
      readonly bytes: number;
      readonly tookMs: number;
      readonly retransmissions: number;
      readonly rendered?: string;
    } & TftpNegotiated &
      TftpPeer)
  /** A size or existence probe: OACK, then the client's ERROR 8 (or 0). Not a failure. */
  | ({ readonly type: 'tftp.probed'; readonly file: string; readonly sizeBytes?: number } & TftpPeer)
  /** Answered at once with ERROR `code`; `failure` says why in one word, `not-found` the usual one. */
  | ({
      readonly type: 'tftp.refused';
      readonly file: string;
      readonly write: boolean;
      readonly code: number;
      readonly failure: string;
      /** It is one of the names a loader looks for its configuration under: `tftp.config` tells how that ended. */
      readonly search?: true;
      /** A loader asks for it in case it is there: shim for revocations, GRUB for lists of its modules. */
      readonly optional?: true;
      readonly detail?: string;
    } & TftpPeer)
  | ({ readonly type: 'tftp.malformed'; readonly why: string } & TftpPeer)
  /** A client's search for its own configuration ended: names in the order asked, `winner` the one served, if any. */
  | ({
      readonly type: 'tftp.config';
      readonly winner?: string;
      /** The winner is no file of the tree: it was made from this profile, which was chosen for `reason`. */
      readonly rendered?: string;
      readonly reason?: string;
      readonly tried: readonly string[];
    } & TftpPeer);

/** `peer` is the client's address, `port` that of its connection. */
export type HttpPeer = { readonly peer: string; readonly port: number };

/** A file by HTTP: names as in {@link TftpEvent}. */
export type HttpFile = {
  readonly file: string;
  readonly path?: string;
  readonly rendered?: string;
  /** Of the whole file. */
  readonly sizeBytes: number;
};

export type HttpEvent =
  /** `length`: octets asked for, all of them or those of a range. */
  | ({ readonly type: 'http.started'; readonly length: number } & HttpFile & HttpPeer)
  /** The client has acknowledged all that it asked for; `whole`: that was the whole file. */
  | ({
      readonly type: 'http.done';
      readonly bytes: number;
      readonly whole: boolean;
      readonly tookMs: number;
    } & HttpFile &
      HttpPeer)
  | ({
      readonly type: 'http.failed';
      readonly bytes: number;
      readonly failure: string;
      readonly detail?: string;
      readonly tookMs: number;
    } & HttpFile &
      HttpPeer)
  /** Asked about and not sent: HEAD, or a file that the client has already (304). */
  | ({ readonly type: 'http.probed' } & HttpFile & HttpPeer)
  | ({
      readonly type: 'http.refused';
      readonly method: string;
      readonly file: string;
      readonly status: number;
      readonly failure: string;
      /** It is one of the names a loader looks for its configuration under. */
      readonly search?: true;
      readonly optional?: true;
      readonly detail?: string;
    } & HttpPeer)
  /** An installer posted to the done file of its profile. */
  | ({ readonly type: 'http.reported'; readonly file: string } & HttpPeer)
  /** What came is no request, or came too slowly. */
  | ({ readonly type: 'http.malformed'; readonly why: string } & HttpPeer);

export type ServiceEvent =
  /** The start banner: what is served where, and what was found out. Keys are short words, in order. */
  | {
      readonly type: 'service.started';
      readonly title: string;
      readonly facts: Readonly<Record<string, string>>;
    }
  | { readonly type: 'service.ready'; readonly service: string; readonly detail?: string }
  | { readonly type: 'service.stopped'; readonly service: string }
  /** An operator has a service stopped, started, restarted, or the configuration read again (`reload`). */
  | {
      readonly type: 'service.asked';
      readonly service: string;
      readonly action: 'start' | 'stop' | 'restart' | 'reload';
      /** As he called himself, `console` or `token`. */
      readonly user: string;
    }
  /** An interface is not what it was: its addresses, MTU, MAC or carrier. */
  | { readonly type: 'service.interface'; readonly interface: string; readonly detail: string }
  | {
      readonly type: 'service.failed';
      readonly service: string;
      readonly detail: string;
      readonly restartInMs?: number;
    }
  /** Something an operator should look at; `problem` is a stable code. */
  | {
      readonly type: 'service.warning';
      readonly service: string;
      readonly problem: string;
      readonly detail: string;
    };

/** Takes events in; never throws, never blocks. */
export type Emit = (event: BootEvent) => void;
