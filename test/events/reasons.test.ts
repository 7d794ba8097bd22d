import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describe } from '../../src/events/describe.ts';
import { REASONS } from '../../src/events/reason-table.ts';

const DHCP = join(import.meta.dirname, '../../src/dhcp');

test('every rule of src/dhcp that ignores or refuses has words for people', () => {
  const text = readdirSync(DHCP)
    .map((file) => readFileSync(join(DHCP, file), 'utf8'))
    .join('\n');
  const codes = [...text.matchAll(/(?:ignore|refuse)\(turn, (?:network \? )?'([a-z-]+)'(?: : '([a-z-]+)')?/g)]
    .flatMap(([, one, other]) => [one, other])
    .filter((code) => code !== undefined);
  expect(new Set(codes).size).toBeGreaterThan(15);
  expect(codes.filter((code) => !(code in REASONS))).toEqual([]);
});

test('describe() says in words why a machine got no answer', () => {
  const facts = { mac: '52:54:00:ec:33:81', stage: 'os' as const };
  const line = describe({ type: 'dhcp.ignored', messageType: 'DISCOVER', why: 'not-netboot', ...facts });
  expect(line).toBe(
    '52:54:00:ec:33:81 (os) DISCOVER ignored: it does not boot over the network and never did here (-a answers everybody)',
  );
  expect(describe({ type: 'bootp.ignored', why: 'file-not-found', detail: 'unix', ...facts })).toContain(
    '(unix)',
  );
});
