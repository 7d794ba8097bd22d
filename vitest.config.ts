import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** No test's pxed keeps leases, or listens, where this machine's own might, unless the test names a place. */
const env = { PXED_STATE: 'memory', PXED_SOCKET: 'off' };

/** Where the pxed, the pxectl and the threads that tests start find their modules compiled: a third of the time to start one. */
const compiled = { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) };

/** Four rings: `unit` runs anywhere in seconds; `netns` wants root (or user namespaces); `boot` wants QEMU; `browser` Chromium, too. */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          env: { ...env, ...compiled },
          // By default one processor is left to vitest itself, which needs little: of two that is half of them.
          maxWorkers: '100%',
          // Says that something hangs, not that the machine is busy.
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/netns/**', 'test/boot/**', 'test/browser/**'],
        },
      },
      {
        test: {
          name: 'netns',
          env,
          include: ['test/netns/**/*.test.ts'],
          // Each has hosts of its own, and most of the time waits for timers of clients.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'boot',
          env,
          include: ['test/boot/**/*.test.ts'],
          // A machine under TCG takes one processor, and waits for timers of its firmware half of the time.
          maxWorkers: 2,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'browser',
          env,
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
