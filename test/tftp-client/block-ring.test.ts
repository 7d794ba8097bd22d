import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createChunks } from '../../src/tftp-client/chunks.ts';
import { createBlockRing } from '../../src/tftp-client/machine/block-ring.ts';
import { decode } from '../../src/tftp-packet/index.ts';

test('createBlockRing() gives back what was filled in, as packets, over its end too', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 8, max: 20 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 30 }),
      (file, blksize, windowsize, step) => {
        const ring = createBlockRing(blksize, windowsize + 2);
        const got: number[] = [];
        let at = 0;
        let acked = 0;
        for (let turns = 0; !(ring.ended() && acked === ring.ready()); turns++) {
          expect(turns).toBeLessThan(1000);
          while (ring.hasRoom(acked)) {
            const part = file.subarray(at, at + Math.min(step, ring.space().length));
            if (part.length === 0) ring.end();
            ring.space().set(part);
            ring.fill(part.length);
            at += part.length;
          }
          const count = Math.min(windowsize, ring.ready() - acked);
          for (let block = acked + 1; block <= acked + count; block++) ring.number(block, block);
          for (let from = acked + 1; from <= acked + count; ) {
            const run = ring.packets(from, acked + count - from + 1);
            for (let i = 0; i < run.count; i++) {
              const packet = decode(run.bytes.subarray(i * (blksize + 4), (i + 1) * (blksize + 4)));
              if (!packet.ok || packet.value.opcode !== 'data') throw new Error('no DATA');
              expect(packet.value.block).toBe(from + i);
              got.push(...packet.value.data);
            }
            from += run.count;
          }
          acked += count;
        }
        expect(got).toEqual([...file]);
        expect(acked).toBe(Math.floor(file.length / blksize) + 1);
      },
    ),
  );
});

test('createChunks() gives on all octets in order, in chunks that are its own', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40_000), { maxLength: 12 }), (lengths) => {
      const chunks: Uint8Array[] = [];
      const gather = createChunks((chunk) => chunks.push(chunk));
      const borrowed = new Uint8Array(40_000);
      let value = 0;
      for (const length of lengths) {
        for (let i = 0; i < length; i++) borrowed[i] = value++ % 251;
        gather.put(borrowed.subarray(0, length));
        borrowed.fill(255);
      }
      gather.end();
      const all = Buffer.concat(chunks);
      expect(all.length).toBe(lengths.reduce((sum, each) => sum + each, 0));
      for (let i = 0; i < all.length; i++) if (all[i] !== i % 251) throw new Error(`octet ${i} is ${all[i]}`);
    }),
    { numRuns: 30 },
  );
});
