/** The flags of `npm run test:faults`. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly only: readonly string[];
  readonly isShort: boolean;
  readonly isHelp: boolean;
  readonly isRandom: boolean;
  readonly isBugs: boolean;
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
  readonly parallel: number;
  readonly arrivals: number;
  readonly out: string | undefined;
  readonly check: string | undefined;
}

export const helpText = `npm run test:faults [-- flags]: the line under faults, on real processes, checked request by request.

Without --random or --bugs each scenario runs once: a Redis, three gateways behind a TCP proxy each, a crowd that joins,
polls, enters and leaves, and a fault. A line is printed a run: what was lost, doubled, inverted, over-admitted, lied about
or left hanging, requests failed, and seconds until joins and enters were answered as before. Exit 1 if a promise is broken.

  --only NAME      only this scenario; may be repeated
  --short          the short form, for CI
  --random         seeded runs of random faults instead
  --runs N         how many of each (default 1); run k has seed + k - 1
  --seconds N      length of a random run (default 60)
  --parallel N     so many runs at a time (default 1, with --short 2)
  --arrivals N     so many people a second come to a random run (default 30)
  --bugs           runs copies of tacos with bugs made on purpose: each must be found
  --seed N         default 1; the same seed makes the same crowd and the same timetable of faults
  --out DIR        keep histories here (default: a new folder of the system's, kept where something was found)
  --check FILE     only check a saved history again
  --help           this text
`;

/** Reads the command line. @throws Error with a sentence for what is not understood */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', multiple: true },
      short: { type: 'boolean' },
      random: { type: 'boolean' },
      bugs: { type: 'boolean' },
      seed: { type: 'string' },
      runs: { type: 'string' },
      seconds: { type: 'string' },
      parallel: { type: 'string' },
      arrivals: { type: 'string' },
      out: { type: 'string' },
      check: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  return {
    only: values.only ?? [],
    isShort: values.short === true,
    isHelp: values.help === true,
    isRandom: values.random === true,
    isBugs: values.bugs === true,
    seed: whole('seed', values.seed, 1),
    runs: whole('runs', values.runs, 1),
    seconds: whole('seconds', values.seconds, 60),
    parallel: whole('parallel', values.parallel, values.short === true ? 2 : 1),
    arrivals: whole('arrivals', values.arrivals, 30),
    out: values.out,
    check: values.check,
  };
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1 on`);
  return value;
}
