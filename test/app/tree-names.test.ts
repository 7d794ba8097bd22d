import { expect, test } from 'vitest';
import { knownNames } from '../../src/app/tree-names.ts';
import type { TreeFacts } from '../../src/boot/tree.ts';

const FACTS: TreeFacts = {
  files: [],
  links: [{ path: 'gone', target: 'nowhere', why: 'dangling' }],
  unreadable: [],
  names: ['EFI/BOOT/BOOTX64.EFI', 'pxelinux.0', 'gone'],
  folderLinks: [],
  complete: true,
};

function known(facts: Partial<TreeFacts> = {}, { ignoreCase = true, most = 9 } = {}) {
  const asked: string[] = [];
  const onDisk = (path: string) => {
    asked.push(path);
    return path === 'far/vmlinuz';
  };
  return { asked, exists: knownNames({ ...FACTS, ...facts }, onDisk, { ignoreCase, most }) };
}

test('knownNames() answers from what was seen, without the disk', () => {
  const { asked, exists } = known();
  expect(
    ['pxelinux.0', '/pxelinux.0', 'efi/boot/bootx64.efi', 'gone', 'far/vmlinuz'].map((path) => exists(path)),
  ).toEqual([true, true, true, false, false]);
  expect(asked).toEqual([]);
});

test('knownNames() heeds the case where TFTP does', () => {
  const { exists } = known({}, { ignoreCase: false });
  expect(['efi/boot/bootx64.efi', 'EFI/BOOT/BOOTX64.EFI'].map((path) => exists(path))).toEqual([false, true]);
});

test.each([{ complete: false }, { folderLinks: ['far', 'Oth'] }])(
  'knownNames() asks the disk once for a name with %j',
  (facts) => {
    const { asked, exists } = known(facts);
    expect(['far/vmlinuz', 'far/vmlinuz', 'oth/er', 'pxelinux.0'].map((path) => exists(path))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(asked).toEqual(['far/vmlinuz', 'oth/er']);
  },
);

test('knownNames() takes all for there when it has asked often enough', () => {
  const { asked, exists } = known({ complete: false }, { most: 2 });
  expect(['a', 'b', 'c', 'a'].map((path) => exists(path))).toEqual([false, false, true, false]);
  expect(asked).toEqual(['a', 'b']);
});

test('knownNames() knows what does not lie behind a link', () => {
  const { asked, exists } = known({ folderLinks: ['far'] });
  expect(['near/vmlinuz', 'farther', 'far'].map((path) => exists(path))).toEqual([false, false, false]);
  expect(asked).toEqual([]);
});
