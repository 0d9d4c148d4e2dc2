import { describe, expect, it } from 'vitest';
import { findToken, parseTokens } from './token-list.ts';

describe('the token list', () => {
  it('takes role:name:token, several by comma or line, and comments', () => {
    const { tokens, problems } = parseTokens(
      '# staff\nviewer:ann:0123456789abcdef\nadmin:bo:x:y:0123456789abcdef,',
    );
    expect(problems).toEqual([]);
    expect(tokens.map(({ role, name }) => `${role} ${name}`)).toEqual(['viewer ann', 'admin bo']);
    expect(findToken(tokens, 'x:y:0123456789abcdef')?.name).toBe('bo');
    expect(findToken(tokens, '0123456789abcde')).toBeUndefined();
    expect(findToken(tokens, '')).toBeUndefined();
  });

  it('says all that is wrong, without the token', () => {
    const { tokens, problems } = parseTokens(
      'boss:ann:0123456789abcdef,viewer:a b:0123456789abcdef,viewer:c:short',
    );
    expect(tokens).toEqual([]);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('short');
  });
});
