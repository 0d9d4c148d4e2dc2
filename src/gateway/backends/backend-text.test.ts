import { describe, expect, it } from 'vitest';
import { backendText } from './backend-text.ts';

describe('words of a backend in the log', () => {
  it('stay as they are when they are plain', () => {
    expect(backendText('14 UNAVAILABLE: seat A-12 könnte fehlen')).toBe(
      '14 UNAVAILABLE: seat A-12 könnte fehlen',
    );
  });

  it('have at most 200 characters', () => {
    expect(backendText('no '.repeat(1_000_000))).toHaveLength(200);
  });

  it('have no control characters, line breaks or turns of direction', () => {
    const text = backendText('a\u001b[31m\r\nb\u2028c\u202ed\u0000');
    expect(text).toBe('a\\u001b[31m\\u000d\\u000ab\\u2028c\\u202ed\\u0000');
  });

  it('have no tokens: neither those of the call nor what looks like one', () => {
    const jwt = `eyJhbGciOiJFZERTQSJ9.${'x'.repeat(60)}.${'y'.repeat(80)}`;
    expect(backendText(`bad ${jwt} here`)).toBe('bad *** here');
    expect(backendText('got authorization: Bearer abc.def')).toBe('got authorization: Bearer ***');
    expect(backendText('key "short-key" was used', ['short-key', ''])).toBe('key "***" was used');
  });
});
