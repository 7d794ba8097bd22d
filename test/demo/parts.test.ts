import { describe, expect, test } from 'vitest';
import { installCommands } from '../../src/demo/install.ts';
import { distributionOf, isComplete, missingParts, packagesFor } from '../../src/demo/parts.ts';

test.each([
  ['ID=debian\nVERSION_ID="12"\n', 'debian'],
  ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'ubuntu'],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'ubuntu'],
  ["ID='fedora'\n", 'fedora'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
  ['ID=arch\n', undefined],
  ['', undefined],
])('distributionOf() of %j is %s', (osRelease, want) => {
  expect(distributionOf(osRelease)).toBe(want);
});

describe('missingParts()', () => {
  const all = { qemu: 'a', 'nic-rom': 'b', pxelinux: 'c', ldlinux: 'd', kernel: 'e' };

  test('is empty when all are here', () => {
    expect(missingParts(all)).toEqual([]);
    expect(isComplete(all)).toBe(true);
  });

  test('names what is not', () => {
    const { kernel: _, qemu: __, ...rest } = all;
    expect(missingParts(rest)).toEqual(['qemu', 'kernel']);
    expect(isComplete(rest)).toBe(false);
  });
});

test('packagesFor() names each package once', () => {
  expect(packagesFor(['pxelinux', 'ldlinux'], 'fedora')).toEqual(['syslinux-nonlinux']);
  expect(packagesFor(['qemu', 'kernel'], 'debian')).toEqual(['qemu-system-x86', 'linux-image-cloud-amd64']);
});

test.each([
  {
    name: 'root on Debian',
    commands: installCommands(['a', 'b'], 'debian', true),
    want: ['apt-get update', 'apt-get install --yes --no-install-recommends a b'],
  },
  {
    name: 'a user on Ubuntu',
    commands: installCommands(['a'], 'ubuntu', false),
    want: ['sudo apt-get update', 'sudo apt-get install --yes --no-install-recommends a'],
  },
  {
    name: 'a user on Fedora',
    commands: installCommands(['a'], 'fedora', false),
    want: ['sudo dnf install --assumeyes a'],
  },
])('installCommands() for $name', ({ commands, want }) => {
  expect(commands.map((command) => command.join(' '))).toEqual(want);
});
