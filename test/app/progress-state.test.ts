import { expect, test } from 'vitest';
import { openUnprepared } from '../../src/app/progress-state.ts';
import type { BootEvent } from '../../src/events/event.ts';

test('openUnprepared() remembers until the end, and says that it is forgotten then', () => {
  const events: BootEvent[] = [];
  const store = openUnprepared((event) => events.push(event));
  store.put('52:54:00:00:00:01', { profile: 'install', fetched: [], state: 'offered', since: 1 });
  store.save();
  expect(store.get('52:54:00:00:00:01')).toMatchObject({ profile: 'install' });
  expect(events).toEqual([
    {
      ...{ type: 'service.warning', service: 'boot', problem: 'progress-unsaved' },
      detail: expect.stringContaining('forgotten'),
    },
  ]);
});
