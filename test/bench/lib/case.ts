import type { Row } from './rows.ts';

export interface CaseOptions {
  /** Smaller numbers, for CI. */
  readonly short: boolean;
  /** Says how far it is, for whoever watches. */
  readonly say: (progress: string) => void;
  /** Where the part `capacity` writes its calibration. */
  readonly file?: string;
}

/** One part of the bench. Throws when an answer was wrong; a number that is missed is only a row. */
export interface Case {
  readonly name: string;
  run(options: CaseOptions): Promise<readonly Row[]>;
}
