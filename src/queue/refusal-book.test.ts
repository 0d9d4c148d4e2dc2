import { expect, it } from 'vitest';
import { RefusalBook, sumRefusals } from './refusal-book.ts';

it('gives its counts once, and again when they have risen or were not sent', () => {
  const book = new RefusalBook();
  expect(book.unsent()).toBe('');
  book.note('join', 'QUEUE_FULL');
  book.note('join', 'QUEUE_FULL');
  book.note('enter', 'NOT_READY');
  const text = 'join.QUEUE_FULL 2,enter.NOT_READY 1';
  expect([book.unsent(), book.unsent()]).toEqual([text, text]);
  // One more while the report is under way.
  book.note('status', 'RATE_LIMITED');
  book.sent(text);
  expect(book.unsent()).toBe(`${text},status.RATE_LIMITED 1`);
  book.sent(book.unsent());
  book.sent(book.unsent());
  expect(book.unsent()).toBe('');
});

it('are added up over workers, living and gone', () => {
  const hash = {
    'by:a': 'join.QUEUE_FULL 2,enter.NOT_READY 4',
    'by:b': 'join.QUEUE_FULL 1',
    'sum:join.QUEUE_FULL': '1',
  };
  expect(sumRefusals(hash)).toEqual([
    { operation: 'enter', code: 'NOT_READY', count: 4 },
    { operation: 'join', code: 'QUEUE_FULL', count: 4 },
  ]);
  expect(sumRefusals({})).toEqual([]);
});
