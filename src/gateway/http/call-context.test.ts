import { describe, expect, it } from 'vitest';
import { callContextOf } from './call-context.ts';
import { createTraceIds } from './trace-id.ts';

const traceIds = createTraceIds();
const of = (traceparent?: string) => {
  const headers = traceparent === undefined ? {} : { traceparent };
  const traceId = traceIds(traceparent);
  return { traceId, sent: callContextOf(headers, traceId).traceparent };
};
const trace = 'a'.repeat(32);
const parent = 'b'.repeat(16);

describe('callContextOf', () => {
  it("sends the visitor's own traceparent on", () => {
    expect(of(`00-${trace}-${parent}-01`).sent).toBe(`00-${trace}-${parent}-01`);
  });

  it('speaks version 00 to backends whatever the visitor speaks', () => {
    expect(of(`cc-${trace}-${parent}-01-more`).sent).toBe(`00-${trace}-${parent}-01`);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${parent}-01-more`,
  ])('makes one of the request’s trace id where the visitor’s is %s', (traceparent) => {
    const { traceId, sent } = of(traceparent);
    expect(sent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });
});
