import { usageError } from '../../errors.ts';

/** Flags with values of the autoscaler. */
export interface HpaValueFlags {
  readonly min?: number;
  readonly max?: number;
  readonly targetCpu?: number;
}

/** As an action has them. @throws CliError (2) where the floor is over the top */
export function valuesOf({ min, max, targetCpu }: HpaValueFlags) {
  if (min !== undefined && max !== undefined && min > max)
    throw usageError(`--min ${min} is over --max ${max}`);
  return {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(targetCpu === undefined ? {} : { targetCpuPercent: targetCpu }),
  };
}
