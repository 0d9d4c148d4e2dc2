import { describe, expect, it } from 'vitest';
import { failing, parseExpression } from './expression.ts';

const about = { flag: '--assert', fields: ['tailWaitSec', 'emptyInSec', 'admitted'] };
const missed = (text: string, values: Record<string, number | null>): string[] =>
  failing(parseExpression(text, about), values).map((each) => each.text);

describe('an expression', () => {
  it('holds when all of one group hold, and names what does not', () => {
    const values = { tailWaitSec: 500, emptyInSec: 4_000, admitted: 10 };
    expect(missed('tailWaitSec<600 && emptyInSec<=4000', values)).toEqual([]);
    expect(missed('tailWaitSec<600&&emptyInSec<3600', values)).toEqual(['emptyInSec<3600']);
    expect(missed('emptyInSec<3600 || admitted>=10', values)).toEqual([]);
    expect(missed('emptyInSec<3600 || tailWaitSec == 1 && admitted!=10', values)).toEqual([
      'emptyInSec<3600',
      'tailWaitSec == 1',
      'admitted!=10',
    ]);
  });

  it('takes what never comes for longer than any time', () => {
    expect(missed('emptyInSec<3600', { emptyInSec: null })).toEqual(['emptyInSec<3600']);
    expect(missed('emptyInSec>3600', { emptyInSec: null })).toEqual([]);
  });

  it.each(['', 'tailWaitSec', 'tailWaitSec<', 'tailWaitSec<ten', 'a=b', 'process.exit(1)', '&&'])(
    'refuses "%s" as usage',
    (text) => {
      expect(() => parseExpression(text, about)).toThrow(/--assert cannot read/);
    },
  );

  it.each(['secret<1', '__proto__==1', 'constructor>0'])('does not know the field of "%s"', (text) => {
    expect(() => parseExpression(text, about)).toThrow(/it knows tailWaitSec, emptyInSec, admitted/);
  });
});
