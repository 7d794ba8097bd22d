import { expect, test } from 'vitest';
import { traceLine } from '../../src/tftp-client/trace.ts';
import { encode } from '../../src/tftp-packet/index.ts';
import { error } from './packets.ts';

test('traceLine() shows names and messages as text, and none of it acts on a terminal', () => {
  const filename = Buffer.from('grüße').toString('latin1');
  const asked = encode({ opcode: 'rrq', filename, mode: 'octet', options: [['blksize', '1468']] });
  expect(traceLine('sent', asked)).toBe('sent RRQ <file=grüße, mode=octet, blksize=1468>');
  expect(traceLine('received', error(0, 'bad\x1b[2J'))).toBe('received ERROR <code=0, msg=bad?[2J>');
});
