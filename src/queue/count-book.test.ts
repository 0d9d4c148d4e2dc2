import { expect, it } from 'vitest';
import { CountBook, sumCounts } from './count-book.ts';

it('gives its counts once, and again when they have risen or were not sent', () => {
  const book = new CountBook();
  expect(book.unsent()).toBe('');
  book.add('join.QUEUE_FULL');
  book.add('join.QUEUE_FULL');
  book.add('eta.errors', 120);
  const text = 'join.QUEUE_FULL 2,eta.errors 120';
  expect([book.unsent(), book.unsent()]).toEqual([text, text]);
  // One more while the report is under way.
  book.add('status.RATE_LIMITED');
  book.sent(text);
  expect(book.unsent()).toBe(`${text},status.RATE_LIMITED 1`);
  book.sent(book.unsent());
  book.sent(book.unsent());
  expect(book.unsent()).toBe('');
});

it('are added up over workers, living and gone', () => {
  const hash = {
    'by:a': 'join.QUEUE_FULL 2,enter.NOT_READY 4,eta.places 3,eta.errors 300',
    'by:b': 'join.QUEUE_FULL 1',
    'sum:join.QUEUE_FULL': '1',
    'sum:eta.places': '1',
    'sum:eta.errors': '500',
  };
  expect(sumCounts(hash)).toEqual({
    refusals: [
      { operation: 'enter', code: 'NOT_READY', count: 4 },
      { operation: 'join', code: 'QUEUE_FULL', count: 4 },
    ],
    etaErrorRatio: 0.2,
  });
  expect(sumCounts({})).toEqual({ refusals: [], etaErrorRatio: null });
});
