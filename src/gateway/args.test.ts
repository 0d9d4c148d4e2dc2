import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { readArgs } from './args.ts';

it('has a worker for each core and the port of the settings by default', () => {
  expect(readArgs([])).toEqual({ workers: availableParallelism(), printConfig: false, help: false });
});

it('takes workers and ports', () => {
  expect(readArgs(['--workers', '3', '--port=0', '--grpc-port', '9000', '--print-config'])).toEqual({
    workers: 3,
    port: 0,
    grpcPort: 9_000,
    printConfig: true,
    help: false,
  });
});

it('tells all bad values at once', () => {
  expect(readArgs(['--workers', '0', '--port', '8e3', '--grpc-port', '70000'])).toEqual({
    problems: [
      '--workers is "0": it must be a whole number, 1 to 256',
      '--port is "8e3": it must be a whole number, 0 to 65535',
      '--grpc-port is "70000": it must be a whole number, 0 to 65535',
    ],
  });
});

it('refuses unknown flags and stray words', () => {
  expect(readArgs(['--wrokers', '3'])).toMatchObject({ problems: [expect.stringContaining('--wrokers')] });
  expect(readArgs(['start'])).toMatchObject({ problems: [expect.stringContaining('start')] });
});
