import { describe, expect, it } from 'vitest';
import { bucketSpec, drainSpec, expireSpec, type ModalSpec } from './specs.ts';
import { withinBounds } from './values.ts';

/** What is said of a form with these values; '' = they are fine. */
function said(spec: ModalSpec, values: Readonly<Record<string, string>>): string {
  const typed = (name: string) =>
    values[name] ?? spec.fields.find((each) => each.name === name)?.choices?.[0] ?? '';
  const action = spec.action(typed);
  if (action === undefined) return 'nothing';
  try {
    withinBounds(action);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('values out of bounds', () => {
  it.each([
    [{ silentFor: '5s' }, 'silent for must be at least 10s'],
    [{ silentFor: '25h' }, 'silent for must be at most 24h'],
    [{ silentFor: '10s' }, ''],
    [{ who: 'visitors', visitors: 'mina' }, 'visitors: v_abcd2345, #412, user:ID or sub:ID'],
    [{ who: 'visitors', visitors: '#1 '.repeat(501) }, 'at most 500 visitors at once'],
  ])('of expire: %o', (values, text) => {
    expect(said(expireSpec(undefined), values)).toBe(text);
  });

  it.each([
    [{ capacity: '0' }, 'capacity must be at least 1'],
    [{ capacity: '10.5' }, 'capacity must be a whole number'],
    [{ capacity: '99999999999' }, /^capacity must be at most [\d,]+$/],
    [{ refill: '0' }, /^refill\/s must be at least 0\.\d+$/],
    [{ refill: '99999999' }, /^refill\/s must be at most [\d,]+$/],
    [{ refill: '80', ramp: '25h' }, 'ramp must be at most 24h'],
    [{ refill: '80', for: '25h' }, 'for must be at most 24h'],
    [{ refill: '80', ramp: '2m', for: '15m' }, ''],
  ])('of the bucket: %o', (values, text) => {
    expect(said(bucketSpec(), values)).toMatch(
      typeof text === 'string' ? new RegExp(`^${text.replace(/[/.]/g, '\\$&')}$`) : text,
    );
  });

  it.each([{ for: 'soon' }, { ramp: '5' }, { refill: '80', for: '-1m' }])(
    'of the bucket: %o is garbage, with a refill or without',
    (values) => {
      expect(() => said(bucketSpec(), values)).toThrow(/^(for|ramp) ".*" is not a duration/);
    },
  );

  it('of drain', () => {
    expect(said(drainSpec(), { deadline: '25h' })).toBe('deadline must be at most 24h');
  });
});
