/** What may stand in an Idempotency-Key header. */
import { refuse } from '../../contract/errors.ts';
import { idempotencyKeyCharsMax } from '../../contract/limits.ts';

const keyPattern = new RegExp(`^[\\x20-\\x7e]{1,${idempotencyKeyCharsMax}}$`);

/** Whether a header's value is a key. */
export const isIdempotencyKey = (value: string | string[]): value is string =>
  typeof value === 'string' && keyPattern.test(value);

export const badIdempotencyKey = refuse('BAD_REQUEST', {
  message: `Idempotency-Key must be 1 to ${idempotencyKeyCharsMax} printable characters.`,
});
