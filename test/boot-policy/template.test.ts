import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { archOf } from '../../src/boot/arch-table.ts';
import { fill, PATH_VALUE_NAMES, profileFor, tame, VALUE_NAMES, valuesOf } from '../../src/boot/template.ts';
import { PATH_VALUES, VALUES } from '../../src/config/check-profiles.ts';
import { isBroken, placeholdersOf } from '../../src/lib/placeholder.ts';
import { anyLetter } from '../rig/any-letter.ts';
import { DEBIAN, MACHINE, MEMTEST, SERVER } from './profiles.ts';

// Placeholders of profiles, in the tests of this file.
const in_ = (name: string) => `\${${name}}`;

const FACTS = { nextServer: SERVER, tags: ['lab', 'kiosk'], http: `http://${in_('next-server')}:8080/` };

test('valuesOf() has a value for every name', () => {
  expect(valuesOf(MACHINE, FACTS)).toEqual({
    mac: '52:54:00:12:34:56',
    'mac-hyp': '52-54-00-12-34-56',
    ip: '192.168.2.91',
    'hex-ip': 'C0A8025B',
    uuid: '564d8a10-97c2-4f05-9d3a-0123456789ab',
    hostname: 'node1',
    'next-server': '10.0.0.1',
    http: 'http://10.0.0.1:8080',
    serial: '',
    tags: 'lab,kiosk',
  });
  expect(Object.keys(valuesOf(MACHINE, FACTS)).toSorted()).toEqual([...VALUE_NAMES].toSorted());
});

test('valuesOf() U-Boot sends its UUID in the order it is written, so that order is kept', () => {
  const sent = '108a4d56-c297-054f-9d3a-0123456789ab';
  expect(MACHINE.uuid?.wire).toBe(sent);
  expect(valuesOf({ ...MACHINE, kind: 'u-boot' }, FACTS).uuid).toBe(sent);
  const { kind: _, ...remembered } = { ...MACHINE, arch: archOf(22) };
  expect(valuesOf(remembered, FACTS).uuid).toBe(sent);
});

test('valuesOf() what is not known is empty', () => {
  const { uuid: _, hostname: __, ...bare } = MACHINE;
  const values = valuesOf(bare, { nextServer: 0, tags: [], http: FACTS.http });
  expect(values).toMatchObject({ uuid: '', hostname: '', serial: '', http: '', 'next-server': '', tags: '' });
});

describe('tame()', () => {
  test.each([
    ['node1.lab', 'node1.lab'],
    ['x init=/bin/sh', 'x_init__bin_sh'],
    ['a\nLABEL b', 'a_LABEL_b'],
    [`'"$(x);\${y}\\`, '____x____y__'],
    ['..', '__'],
    ['../../etc', '_.__._etc'],
    ['.hidden', '_hidden'],
    ['end.', 'end_'],
    ['größe', 'gr__e'],
  ])('%j becomes %j', (foreign, text) => {
    expect(tame(foreign)).toBe(text);
  });

  test('leaves nothing that ends a line, a word, a quote or a folder', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyLetter }), fc.string(), (foreign, more) => {
        expect(tame(foreign)).toMatch(/^[\w.-]*$/);
        expect(`.${tame(foreign)}`.split('/')).not.toContain('..');
        expect(tame(`${foreign}.${more}`)).not.toContain('..');
      }),
    );
  });
});

test('fill() puts values in, and leaves a $ that is none', () => {
  const values = valuesOf(MACHINE, FACTS);
  expect(fill(`a=${in_('ip')} b=$HOME c=${in_('mac')}${in_('tags')}`, values)).toBe(
    'a=192.168.2.91 b=$HOME c=52:54:00:12:34:56lab,kiosk',
  );
});

test('profileFor() fills paths and arguments', () => {
  const values = valuesOf(MACHINE, FACTS);
  const initrds = ['initrd.gz', `hosts/${in_('hex-ip')}.cpio`];
  const kernel = { ...DEBIAN, kernel: `${in_('uuid')}/vmlinuz`, initrds, fdtdir: `dtb/${in_('hex-ip')}` };
  expect(profileFor(kernel, values)).toEqual({
    ...DEBIAN,
    kernel: '564d8a10-97c2-4f05-9d3a-0123456789ab/vmlinuz',
    initrds: ['initrd.gz', 'hosts/C0A8025B.cpio'],
    fdtdir: 'dtb/C0A8025B',
    args: 'auto=true hostname=node1 BOOTIF=01-52-54-00-12-34-56',
  });
  expect(profileFor(MEMTEST, values)).toBe(MEMTEST);
});

test('the configuration knows the same names', () => {
  expect([...VALUES]).toEqual([...VALUE_NAMES]);
  expect([...PATH_VALUES]).toEqual(PATH_VALUE_NAMES);
});

test('placeholdersOf(), isBroken() tell names from what is none', () => {
  expect(placeholdersOf(`a ${in_('b')}$c${in_('d-e')} ${in_('')}`)).toEqual(['b', 'd-e', '']);
  expect(isBroken(`${in_('b')} $b {c}`)).toBe(false);
  expect(isBroken(`a ${'$'}{b`)).toBe(true);
  expect(isBroken(`a ${'$'}{b ${in_('c')}`)).toBe(true);
});
