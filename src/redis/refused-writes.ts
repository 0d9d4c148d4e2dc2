/** Full memory, a disk that takes nothing more, too few replicas: none of it passes while a request waits. */
const refusals = /^(OOM|MISCONF|NOREPLICAS)\b/;

/**
 * Whether Redis said that it writes nothing at present. A script is refused so at its first write, and never after one: it
 * did nothing, and sent again at once it would be refused again.
 */
export const refusedWrite = (error: unknown): boolean =>
  error instanceof Error && refusals.test(error.message);
