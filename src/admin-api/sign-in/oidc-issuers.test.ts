import { describe, expect, it } from 'vitest';
import { parseIssuers } from './oidc-issuers.ts';

const good = {
  issuer: 'https://id.example/realms/tickets/',
  audience: 'tacos',
  claim: 'groups',
  roles: { viewer: ['all-staff'] },
};
const problemsOf = (value: unknown) => parseIssuers(JSON.stringify(value)).problems;

describe('the issuers', () => {
  it('need issuer, audience, claim and roles; the rest has defaults', () => {
    const { issuers, problems } = parseIssuers(JSON.stringify([good]));
    expect(problems).toEqual([]);
    expect(issuers[0]).toMatchObject({
      ...good,
      roles: { viewer: ['all-staff'], operator: [], admin: [] },
      scope: expect.stringContaining('openid'),
    });
  });

  it('say all that is wrong at once, entry and field by name', () => {
    const problems = problemsOf([
      { ...good, issuer: 'http://id.example', roles: {} },
      { ...good, audience: '', rolse: {} },
      { claim: 'x' },
    ]);
    for (const part of [
      'entry 1: issuer:',
      'entry 1: roles: at least one value',
      'entry 2: audience:',
      'entry 2: Unrecognized key: "rolse"',
      'entry 3: issuer:',
      'entry 3: roles:',
    ])
      expect(problems.filter((problem) => problem.startsWith(part))).toHaveLength(1);
  });

  it('are reached over https, or on this machine', () => {
    const isTaken = (issuer: string) => problemsOf([{ ...good, issuer }]).length === 0;
    for (const issuer of ['https://id.example', 'http://127.0.0.1:3000', 'http://localhost:8080/realms/x'])
      expect([issuer, isTaken(issuer)]).toEqual([issuer, true]);
    for (const issuer of [
      'http://127.0.0.1.evil.example',
      'ftp://id.example',
      'id.example',
      'https://id.example?x=1',
      'https://user:pass@id.example',
    ])
      expect([issuer, isTaken(issuer)]).toEqual([issuer, false]);
  });

  it('may stand twice with different audiences only', () => {
    expect(problemsOf([good, { ...good, audience: 'ci' }])).toEqual([]);
    expect(problemsOf([good, good])).toEqual([
      'entry 2: the same issuer and audience stand in an earlier entry',
    ]);
  });

  it('refuse what is no list', () => {
    expect(parseIssuers('{').problems[0]).toContain('it is no JSON');
    expect(problemsOf({})).toHaveLength(1);
    expect(problemsOf([])).toHaveLength(1);
    expect(problemsOf([7])).toHaveLength(1);
  });
});
