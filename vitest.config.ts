import { defineConfig } from 'vitest/config';
import LongestFirst from './scripts/longest-first.ts';

/** System tests that take minutes and hardly any CPU: they run beside the unit tests. */
const sleepy = ['test/system/sale-file.test.ts'];

/** Promises about who gets what, whatever the time: they run beside others. */
const rushes = ['test/system/promises/journey.test.ts', 'test/system/promises/order.test.ts'];

/**
 * Projects, one after the other but for the first two. `unit` needs nothing but this process. `system` starts real Redis
 * servers and programs, so it gets long timeouts and at most two files at a time; `promises` measures rates, which fall as
 * soon as anything runs beside, one file at a time: so does a new file there. `npm test` leaves out `k6`, load tests with a
 * real k6 (`npm run test:k6`), and `kube`, a real Kubernetes API (`npm run test:kube`).
 */
export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'sleepy', include: sleepy, testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 3 },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.{ts,tsx}', 'test/unit/**/*.test.{ts,tsx}', 'test/tidy/**/*.test.ts'],
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/lua/**/*.test.ts', 'test/system/*.test.{ts,tsx}', ...rushes],
          exclude: sleepy,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'promises',
          include: ['test/system/promises/**/*.test.ts'],
          exclude: rushes,
          testTimeout: 150_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'kube',
          include: ['test/kube/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'k6',
          include: ['test/k6/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
