import fc from 'fast-check';
import { expect, it } from 'vitest';
import { phases, placeStatuses, type StatusReply, statusReplySchema } from '../../contract/visitor-api.ts';
import { statusJson } from './status-json.ts';

const text = fc.string({ unit: 'binary' });
const whole = fc.integer();
const number = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));
const time = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
  .map((date) => date.toISOString());

const replies: fc.Arbitrary<StatusReply> = fc.record(
  {
    status: fc.constantFrom(...placeStatuses),
    position: whole,
    eta_sec: whole,
    eta_low_sec: whole,
    eta_high_sec: whole,
    confidence: number,
    waiting_time: whole,
    ready_for_entry: fc.boolean(),
    poll_after_sec: number,
    phase: fc.constantFrom(...phases),
    paused: fc.boolean(),
    opens_at: time,
    restorable_until: time,
    message: text,
    notices: fc.array(fc.record({ code: text, text })),
    as_of: time,
    stale: fc.boolean(),
  },
  {
    requiredKeys: [
      'status',
      'position',
      'eta_sec',
      'eta_low_sec',
      'eta_high_sec',
      'confidence',
      'waiting_time',
      'ready_for_entry',
      'poll_after_sec',
      'phase',
      'paused',
      'as_of',
    ],
  },
);

it('is the JSON of every status', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      expect(JSON.parse(statusJson(reply))).toEqual(JSON.parse(JSON.stringify(reply)));
    }),
  );
});

it('leaves out no field of the schema', () => {
  const [full] = fc
    .sample(replies, 500)
    .filter((reply) => Object.keys(reply).length === Object.keys(statusReplySchema.shape).length);
  if (full === undefined) throw new Error('no sample with all fields');
  expect(Object.keys(JSON.parse(statusJson(full)) as object).sort()).toEqual(
    Object.keys(statusReplySchema.shape).sort(),
  );
});
