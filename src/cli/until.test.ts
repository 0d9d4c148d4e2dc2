import { describe, expect, it } from 'vitest';
import { snapshotOf } from './testing/views.ts';
import { parseUntil, untilFields } from './until.ts';

const holds = (text: string) => parseUntil(text)(snapshotOf());

describe('--until', () => {
  it.each([
    ['waiting==18234', true],
    ['waiting == 0', false],
    ['waiting>0&&refillPerSec>=50', true],
    ['waiting<1 || tokens>200', true],
    ['waiting<1 && tokens>200 || phase==open', true],
    ['waiting>0 && tokens>999 || phase!=open', false],
    ['paused==false', true],
    ['admitPerSec<=48.7', true],
    ['ageSec<-1', false],
  ])('evaluates %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it('binds && tighter than ||', () => {
    expect(holds('phase==open || phase==closed && waiting<0')).toBe(true);
  });

  it.each([
    ['waiting', 'cannot read "waiting"'],
    ['waiting==0 &&', 'cannot read ""'],
    ['waiting=0', 'cannot read'],
    ['nobody==0', 'does not know the field "nobody"'],
    ['constructor==0', 'does not know the field'],
    ['waiting==many', 'goes with a number'],
    ['phase>open', '== or != only'],
    ['paused==1', 'true or false'],
    ['process.exit()==0', 'cannot read'],
  ])('refuses %s', (text, message) => {
    expect(() => parseUntil(text)).toThrow(message);
  });

  it('knows every field that it names', () => {
    for (const field of untilFields) {
      const value = field === 'phase' ? 'open' : field === 'paused' ? 'true' : '1';
      expect(() => holds(`${field}==${value}`)).not.toThrow();
    }
  });
});
