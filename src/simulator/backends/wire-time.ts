/** google.protobuf.Timestamp to and from milliseconds since 1970. */
import type { Timestamp, Timestamp__Output } from '../../../generated/proto/google/protobuf/Timestamp.ts';

/** A time as it goes over the wire; parts of a millisecond are dropped. */
export function timestampOf(epochMs: number): Timestamp {
  const ms = Math.floor(epochMs);
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}

/** ms since 1970, or undefined for a time that was not given. */
export function msOf(timestamp: Timestamp__Output | null | undefined): number | undefined {
  return timestamp ? timestamp.seconds * 1000 + timestamp.nanos / 1_000_000 : undefined;
}
