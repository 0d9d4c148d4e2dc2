import { defineConfig } from 'vitest/config';
import LongestFirst from './scripts/longest-first.ts';

/** These hold limits of milliseconds, or need the machine for as long as they count: not more than one beside them. */
const timed = [
  'test/system/backends.test.ts',
  'test/system/backends-fault.test.ts',
  'test/system/desk-reads.test.ts',
  'test/system/gateway-processes.test.ts',
  'test/system/rate-limit.test.ts',
  'test/system/simulated-backends.test.ts',
  'test/system/streams.test.ts',
  'test/system/terminal.test.ts',
  'test/system/promises/bound.test.ts',
  'test/system/promises/changes.test.ts',
  'test/system/promises/grpc.test.ts',
  'test/system/promises/opening.test.ts',
];

/** Promises about who gets what, whatever the time: rushes that would disturb those that measure rates. */
const rushes = ['test/system/promises/journey.test.ts', 'test/system/promises/order.test.ts'];

/**
 * Projects, one after the other. `unit` needs nothing but this process. The next three start real Redis servers and
 * programs, so they get long timeouts; how many files run at once is what two cores bear. `system` waits for states, three
 * at a time; `timed` measures times, two at a time; `promises` measures rates that fall as soon as anything runs beside, one
 * by one: so does a new file there. `npm test` leaves out `k6`, load tests with a real k6 (`npm run test:k6`), and `kube`, a
 * real Kubernetes API (`npm run test:kube`).
 */
export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.{ts,tsx}', 'test/unit/**/*.test.{ts,tsx}', 'test/tidy/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/lua/**/*.test.ts', 'test/system/*.test.{ts,tsx}', ...rushes],
          exclude: timed,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: timed,
          testTimeout: 150_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'promises',
          include: ['test/system/promises/**/*.test.ts'],
          exclude: [...timed, ...rushes],
          testTimeout: 150_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
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
          sequence: { groupOrder: 4 },
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
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
