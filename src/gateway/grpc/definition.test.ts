import { describe, expect, it } from 'vitest';
import { isSound, queueServiceDefinition, Unreadable } from './definition.ts';

const read = (method: string, hex: string): unknown =>
  queueServiceDefinition()[method]?.requestDeserialize(Buffer.from(hex, 'hex'));

describe('requests', () => {
  it('are read by their field numbers, unknown fields left out', () => {
    // event_id "ev", user_id "ü", field 9 varint, field 10 fixed64, field 11 fixed32.
    const hex = `0a0265761202c3bc480551${'00'.repeat(8)}5d${'00'.repeat(4)}`;
    expect(read('JoinQueue', hex)).toMatchObject({
      eventId: 'ev',
      userId: 'ü',
      sessionId: '',
      metadata: null,
    });
  });

  it.each([
    ['a field that ends before it is whole', '0a0565'],
    ['a wire type that there is not', '0f'],
    ['a text of a lone continuation byte', '0a026576' + '12036162' + '80'],
    ['a text that is cut in a character', '1201c3'],
    ['a text with a surrogate', '1203eda080'],
    ['an overlong text', '1202c1a1'],
  ])('%s cannot be read', (_, hex) => {
    expect(read('JoinQueue', hex)).toBeInstanceOf(Unreadable);
  });

  it('of other methods are looked at the same way', () => {
    expect(read('GetQueueStatus', '0a01ff')).toBeInstanceOf(Unreadable);
    expect(read('LeaveQueue', '1201ff')).toBeInstanceOf(Unreadable);
    expect(read('GetQueueStats', '0a01ff')).toBeInstanceOf(Unreadable);
    expect(read('RequestAdmission', '1a01ff')).toBeInstanceOf(Unreadable);
  });
});

it('finds no fault with bytes that are no text, whatever they are', () => {
  expect(isSound(Buffer.from('2203ffffff', 'hex'), new Set([1, 2, 3]))).toBe(true);
  expect(isSound(Buffer.from('2203ffffff', 'hex'), new Set([4]))).toBe(false);
});
