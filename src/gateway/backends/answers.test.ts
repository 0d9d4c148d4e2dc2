import { describe, expect, it } from 'vitest';
import {
  BrokenAnswer,
  readId,
  readIdIfAny,
  readMoney,
  readMoneyIfAny,
  readPart,
  readReason,
  readTime,
  readTimeIfAny,
  readWebAddress,
  readWord,
} from './answers.ts';

const at = (seconds: number, nanos = 0) => ({ seconds, nanos });

describe('fields of answers', () => {
  it('takes ids of visible characters, and misses those that are not there', () => {
    expect(readId('rsv_1', 'id')).toBe('rsv_1');
    expect(readIdIfAny('', 'id')).toBeUndefined();
    for (const wrong of ['', 'a b', 'a\u001bb', 'x'.repeat(129)]) {
      expect(() => readId(wrong, 'reservation_id')).toThrow(BrokenAnswer);
    }
    expect(() => readIdIfAny('a b', 'order_id')).toThrow('order_id is missing or no id');
  });

  it('writes times as RFC 3339, and misses those that are not there or no dates', () => {
    expect(readTime(at(1_700_000_000, 250_999_999), 'at')).toBe('2023-11-14T22:13:20.250Z');
    expect(readTimeIfAny(null, 'at')).toBeUndefined();
    expect(readTimeIfAny(undefined, 'at')).toBeUndefined();
    expect(() => readTime(null, 'hold_expires_at')).toThrow('hold_expires_at is missing');
    expect(() => readTime(at(0), 'hold_expires_at')).toThrow('hold_expires_at is missing');
    for (const wrong of [-5, 1e15, Number.NaN]) {
      expect(() => readTimeIfAny(at(wrong), 'at')).toThrow(BrokenAnswer);
    }
  });

  it('takes the words of an enum, and nothing that is not one of them', () => {
    const plan = { prefix: 'S_', words: ['HOLD', 'DONE'], field: 'status' } as const;
    expect(readWord('S_HOLD', plan)).toBe('HOLD');
    for (const wrong of ['S_UNSPECIFIED', 'HOLD', 'S_', 'X_HOLD', 9]) {
      expect(() => readWord(wrong, plan)).toThrow('status is not set or not known');
    }
  });

  it('takes whole amounts of a currency', () => {
    const won = { amount: 120_000, currency: 'KRW' };
    expect(readMoney(won, 'amount')).toEqual(won);
    expect(readMoneyIfAny(null, 'amount')).toEqual({});
    expect(readMoneyIfAny({ amount: 0, currency: '' }, 'amount')).toEqual({});
    const wrong = [
      null,
      { amount: 1, currency: '' },
      { amount: -1, currency: 'KRW' },
      { amount: 2 ** 53, currency: 'KRW' },
    ];
    for (const money of wrong) expect(() => readMoney(money, 'amount')).toThrow(BrokenAnswer);
  });

  it('needs the parts that must be there', () => {
    expect(() => readPart(null, 'payment')).toThrow('payment is missing');
  });

  it('gives on addresses of the web only', () => {
    expect(readWebAddress('https://pay.example/1')).toBe('https://pay.example/1');
    for (const wrong of ['', 'javascript:alert(1)', 'not an address', `https://x/${'y'.repeat(3_000)}`]) {
      expect(readWebAddress(wrong)).toBeUndefined();
    }
  });

  it('gives on reasons that are codes, never sentences', () => {
    expect(readReason('card_declined')).toBe('card_declined');
    for (const wrong of [undefined, '', 'Card 4111 was declined', 'a\nb'])
      expect(readReason(wrong)).toBeUndefined();
  });
});
