import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf, type Place, placeOf } from '../../src/ui/model/place.ts';

test.each<{ hash: string; place: Place }>([
  { hash: '', place: { view: 'machines' } },
  { hash: '#/', place: { view: 'machines' } },
  { hash: '#/leases', place: { view: 'leases' } },
  { hash: '#/machines/52:54:00:12:34:56', place: { view: 'machine', id: '52:54:00:12:34:56' } },
  { hash: '#/files', place: { view: 'files', folder: '' } },
  { hash: '#/files/pxelinux.cfg/old%20ones', place: { view: 'files', folder: 'pxelinux.cfg/old ones' } },
  { hash: '#/log', place: { view: 'log' } },
  { hash: '#/log/10.0.0.7', place: { view: 'log', machine: '10.0.0.7' } },
  { hash: '#/no-such-view', place: { view: 'machines' } },
  { hash: '#/files/%E0%A4%A', place: { view: 'files', folder: '%E0%A4%A' } },
])('placeOf($hash) is where it leads', ({ hash, place }) => {
  expect(placeOf(hash)).toEqual(place);
});

test('placeOf() finds a place for any text', () => {
  fc.assert(fc.property(fc.string(), (hash) => void expect(placeOf(hash).view).toBeTypeOf('string')));
});

const name = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
const place: fc.Arbitrary<Place> = fc.oneof(
  name.map((id): Place => ({ view: 'machine', id })),
  name.map((machine): Place => ({ view: 'log', machine })),
  fc.array(name, { maxLength: 4 }).map((names): Place => ({ view: 'files', folder: names.join('/') })),
  fc.constantFrom<Place>({ view: 'machines' }, { view: 'config' }, { view: 'log' }, { view: 'services' }),
);

test('hashOf() leads to the place that it is made from', () => {
  fc.assert(fc.property(place, (one) => void expect(placeOf(hashOf(one))).toEqual(one)));
});
