/** What the process's exit code says. Scripts rely on these: a number is never given another meaning. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  noConsent: 5,
  refused: 6,
  unreachable: 7,
  notFinished: 8,
  unknownIfApplied: 9,
  checkFailed: 10,
  programMissing: 11,
} as const;

/** Why a command was told to stop. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'EPIPE';

/** 128 + the signal's number; a reader that went away is no failure. */
export const stopCodes: Readonly<Record<StopReason, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
  EPIPE: 0,
};

/** One row of the table behind `tacos help exit-codes` and docs/reference/exit-codes. */
export interface ExitCodeText {
  /** The number, or a range such as `97-110`; also the page's file name. */
  readonly code: string;
  readonly name: string;
  readonly meaning: string;
  /** Next step of a person; of a script where `script` says another. */
  readonly todo: string;
  readonly script: string;
}

/** Every exit code that tacos can end with, in order. */
export const exitCodeTable: readonly ExitCodeText[] = [
  {
    code: '0',
    name: 'done',
    meaning:
      'Done, or already in the wanted state. `q` in the live screen is 0 too, and so is a closed pipe.',
    todo: 'Nothing.',
    script: 'Go on.',
  },
  {
    code: '1',
    name: 'failed',
    meaning: 'The server failed, or tacos itself did; a fault of tacos writes a crash file and says where.',
    todo: 'Run the command again with -vv, and read the crash file if there is one.',
    script: 'Stop. If it was a change, read `applied` of the JSON error before trying again.',
  },
  {
    code: '2',
    name: 'usage',
    meaning: 'The command line or config.yaml cannot be meant as it stands. Nothing was sent.',
    todo: 'Read the first line of the error: it names the flag and what it takes. Then -h of that command.',
    script: 'Stop: the same line will fail again.',
  },
  {
    code: '3',
    name: 'not found',
    meaning: 'The event, context, visitor or audit id does not exist where you looked.',
    todo: 'Run `tacos event list`, `tacos context list` or `tacos audit list` to see what is there.',
    script: 'Stop, unless absence is what you were after.',
  },
  {
    code: '4',
    name: 'not allowed',
    meaning: 'Not signed in, the sign-in has ended, or your role may not do this.',
    todo: 'Run `tacos auth status`, then `tacos auth login` if you are not signed in.',
    script: 'Give a fresh token by --token-file or TACOS_TOKEN_FILE.',
  },
  {
    code: '5',
    name: 'no consent',
    meaning: 'A needed consent is missing or was declined. Nothing was changed.',
    todo: 'Read the plan, then give what the error names: --yes, --reason, --confirm or -c.',
    script: 'Add the flag to the script only if a person has decided so.',
  },
  {
    code: '6',
    name: 'refused',
    meaning:
      'Refused: the settings were changed meanwhile, a guard rail stands in the way, or it is read-only.',
    todo: 'Read the value that is in force, make the plan again with --dry-run, then decide.',
    script: 'Read the version again before the next try; never drop --if-version to get past it.',
  },
  {
    code: '7',
    name: 'unreachable',
    meaning: 'The server could not be reached before anything was sent, or data was older than --max-stale.',
    todo: 'Run the command that the error shows, and check tunnel, proxy and `tacos context show`.',
    script: 'It may be tried again: nothing was sent.',
  },
  {
    code: '8',
    name: 'not finished',
    meaning: 'What --until or --wait waits for was not so by the deadline.',
    todo: 'Look with `tacos queue get`, or wait longer with --timeout.',
    script: 'Not a failure: wait again, or give up.',
  },
  {
    code: '9',
    name: 'unknown if applied',
    meaning: 'The change was sent and the answer was lost: it may have happened or not.',
    todo: 'Run the audit query that the error prints before anything else.',
    script: 'Send it again only with the same --idempotency-key: then it happens once at most.',
  },
  {
    code: '10',
    name: 'check failed',
    meaning:
      'A check that you asked for failed: doctor, simulate --assert, or a drain that ended with refusals.',
    todo: 'Read the lines that say FAIL; each names the next command.',
    script: 'Stop what depends on the check.',
  },
  {
    code: '11',
    name: 'program missing',
    meaning:
      'A program that tacos needs is not installed: redis-server, k6 or Node itself, or the k6-operator in the cluster.',
    todo: 'Install it as the error says.',
    script: 'Install it in an earlier step.',
  },
  {
    code: '97-110',
    name: 'k6',
    meaning:
      'The code of k6, as `tacos loadtest` passes it on: 99 = a threshold was crossed, 107 = a script failed, 108 = it was aborted.',
    todo: 'Read the report: it says which threshold, and whether the generator or the server was the limit.',
    script: 'Treat 99 as a failed test, the others as a test that did not happen.',
  },
  {
    code: '129',
    name: 'hung up',
    meaning: 'The terminal went away (SIGHUP). A queue runs on without any terminal.',
    todo: 'Start the command again.',
    script: 'Start it again.',
  },
  {
    code: '130',
    name: 'interrupted',
    meaning:
      'Ctrl-C (SIGINT). A change that was under way may have been applied: `tacos audit list` shows it.',
    todo: 'Nothing, if you meant it.',
    script: 'Stop.',
  },
  {
    code: '143',
    name: 'terminated',
    meaning: 'Told to stop by SIGTERM.',
    todo: 'Look at what sent the signal.',
    script: 'Stop.',
  },
];
