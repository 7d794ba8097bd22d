import { describe, expect, test } from 'vitest';
import { explain } from '../../src/demo/private-network.ts';

describe('explain()', () => {
  test.each([
    ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0'],
    ['/proc/sys/user/max_user_namespaces', '0'],
  ])('says how to open the switch %s', (file, value) => {
    const lines = explain('unshare: Operation not permitted', (name) => (name === file ? value : undefined));
    const key = file.replace('/proc/sys/', '').replaceAll('/', '.');
    expect(lines[0]).toBe('Cannot make a private network: unshare: Operation not permitted');
    expect(lines[1]).toContain('sudo npm run demo');
    expect(lines.slice(2)).toEqual([expect.stringContaining(`sudo sysctl ${key}=`)]);
  });

  test('thinks of a container when every switch is open', () => {
    expect(explain('', () => undefined).join('\n')).toContain('CAP_SYS_ADMIN');
  });
});
