import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DhcpPacket, decode, encode, MessageType, readOption } from '../../../src/dhcp-packet/index.ts';
import { bytesEqual, toHex } from '../../../src/lib/bytes.ts';
import { formatIpv4, type Ipv4 } from '../../../src/lib/ipv4.ts';
import { bareDiscover, ip, message, request, SERVER } from '../../dhcp/world.ts';
import { createRig, packetOf } from './rig.ts';

/**
 * Whole turns: more datagrams than a turn takes, in receive buffers that the next batch overwrites, replies in room that the
 * next turn uses again. Every reply must be its own client's, whatever was in the buffers before it.
 */

const RUNS = Number(process.env.PXED_FUZZ_RUNS ?? 15);

/** What a client does in a round; `again`: it sends it so many times. */
type Move = {
  readonly who: number;
  readonly kind: 'discover' | 'request' | 'bootp' | 'noise';
  readonly again: number;
  /** Of option 61, and of one more option that is sent back (97 has another length). */
  readonly length: number;
};

const CLIENTS = 60;

const move: fc.Arbitrary<Move> = fc.record({
  who: fc.nat({ max: CLIENTS - 1 }),
  kind: fc.constantFrom('discover', 'discover', 'request', 'request', 'bootp', 'noise'),
  again: fc.constantFrom(1, 1, 1, 2, 40),
  length: fc.integer({ min: 2, max: 120 }),
});

const rounds = fc.array(fc.array(move, { minLength: 1, maxLength: 120, size: 'max' }), {
  minLength: 2,
  maxLength: 8,
});

type Asked = { readonly packet: DhcpPacket; readonly who: number };

test('the server gives each client its own answer, whatever else comes in its turns', async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fc.boolean(), async (list, probing) => {
      const rig = createRig({
        settings: {
          answerAll: true,
          probe: { enabled: probing, timeoutMs: 400 },
          bootp: { enabled: true, ranges: 'network', serverName: '' },
        },
        network: { ranges: [{ first: ip('10.0.0.10'), last: ip('10.0.0.200') }] },
      });
      const end = new AbortController();
      await rig.start(end.signal);
      const asked = new Map<number, Asked>();
      const offers = new Map<number, Ipv4>();
      const held = new Map<Ipv4, number>();
      let unreadable = 0;
      let read = 0;
      let framesRead = 0;

      function say({ who, kind, length }: Move): void {
        const xid = asked.size + 1;
        const mac = `52:54:00:00:01:${who.toString(16).padStart(2, '0')}`;
        const raw = { 61: toHex(new Uint8Array(length).fill(who)) };
        const offer = offers.get(who);
        const fields = { mac, xid, raw };
        const packet =
          kind === 'bootp'
            ? message({ mac, xid, vend: 'none' })
            : kind === 'request' && offer !== undefined
              ? request({ ...fields, with: { 'server-id': SERVER, 'requested-ip': offer } })
              : bareDiscover(fields);
        asked.set(xid, { packet, who });
        // Cut off anywhere: a BOOTP request, or nothing that can be read.
        const bytes = kind === 'noise' ? encode(packet).subarray(0, 200 + length) : encode(packet);
        if (!decode(bytes).ok) unreadable++;
        rig.deliver(bytes);
      }

      function hear(bytes: Uint8Array): void {
        const reply = packetOf(bytes);
        const question = asked.get(reply.xid);
        if (!question) throw new Error(`an answer to nothing: ${toHex(bytes)}`);
        const { packet, who } = question;
        expect(toHex(reply.chaddr)).toBe(toHex(packet.chaddr));
        const id = reply.options.get(61);
        if (id) expect(bytesEqual(id, packet.options.get(61) ?? new Uint8Array())).toBe(true);
        const last = bytes.lastIndexOf(255);
        if (reply.vend === 'options')
          expect(bytes.subarray(last + 1).every((octet) => octet === 0)).toBe(true);
        const type = readOption(reply.options, 'message-type');
        if (type === MessageType.OFFER) offers.set(who, reply.yiaddr);
        if (type === MessageType.NAK || type === MessageType.OFFER) return;
        expect([undefined, who], formatIpv4(reply.yiaddr)).toContain(held.get(reply.yiaddr));
        held.set(reply.yiaddr, who);
        expect(rig.leases.byIp(reply.yiaddr)?.state).toBe('bound');
      }

      /** UDP payload of a frame: behind 14 octets of Ethernet, 20 of IPv4, 8 of UDP. */
      function listen(): void {
        for (const { bytes } of rig.sent().slice(read)) hear(bytes);
        read = rig.sent().length;
        for (const frame of rig.frames.slice(framesRead))
          if (frame[12] === 8 && frame[13] === 0) hear(frame.subarray(42));
        framesRead = rig.frames.length;
      }

      for (const moves of list) {
        for (const one of moves) for (let i = 0; i < one.again; i++) say(one);
        for (let turn = 0; turn < 4; turn++) {
          await rig.turn(turn === 2 ? 500 : 1);
          listen();
        }
      }
      expect(rig.server.counters.faults).toBe(0);
      expect(rig.server.counters.malformed).toBeLessThanOrEqual(unreadable);
      // Nobody has such an address: it would be of a buffer that was read too late.
      const strangers = rig.events.filter((event) => 'why' in event && event.why === 'bad-hardware-address');
      expect(strangers).toEqual([]);
      end.abort();
      await rig.finished();
    }),
    { numRuns: RUNS },
  );
});
