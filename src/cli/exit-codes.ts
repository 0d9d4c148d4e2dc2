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
