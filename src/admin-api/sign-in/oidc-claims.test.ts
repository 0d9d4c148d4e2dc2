import { describe, expect, it } from 'vitest';
import { nameFrom, roleFrom } from './oidc-claims.ts';

const map = { viewer: ['read', 'Ticket Ops'], operator: ['steer'], admin: ['all'] };

describe('the role', () => {
  it('is the highest that the claim gives', () => {
    expect(roleFrom({ groups: ['read', 'steer', 'cook'] }, 'groups', map)).toBe('operator');
    expect(roleFrom({ groups: ['all', 'read'] }, 'groups', map)).toBe('admin');
    expect(roleFrom({ groups: ['cook'] }, 'groups', map)).toBeUndefined();
    expect(roleFrom({}, 'groups', map)).toBeUndefined();
  });

  it('comes from a path, or from a claim whose very name has dots', () => {
    expect(roleFrom({ realm_access: { roles: ['steer'] } }, 'realm_access.roles', map)).toBe('operator');
    expect(roleFrom({ 'https://tacos.example/roles': ['read'] }, 'https://tacos.example/roles', map)).toBe(
      'viewer',
    );
    expect(roleFrom({ realm_access: null }, 'realm_access.roles', map)).toBeUndefined();
    expect(roleFrom({}, '__proto__.constructor', map)).toBeUndefined();
  });

  it('splits a text into words for scopes only', () => {
    expect(roleFrom({ scope: 'openid steer' }, 'scope', map)).toBe('operator');
    expect(roleFrom({ group: 'Ticket Ops' }, 'group', map)).toBe('viewer');
    expect(roleFrom({ group: 'not all of it' }, 'group', map)).toBeUndefined();
  });

  it('is given by no odd value', () => {
    for (const groups of [7, true, { all: true }, [['all']], [7, null], 'ALL']) {
      expect(roleFrom({ groups }, 'groups', map)).toBeUndefined();
    }
  });
});

describe('the name', () => {
  it('is the email, else the subject, or the claim that is configured', () => {
    const payload = { sub: 'auth0|7', email: 'mina@example.com', nick: 'mina' };
    expect(nameFrom(payload, {})).toBe('mina@example.com');
    expect(nameFrom({ ...payload, email_verified: false }, {})).toBe('auth0|7');
    expect(nameFrom({ sub: 'auth0|7' }, {})).toBe('auth0|7');
    expect(nameFrom(payload, { name: 'nick' })).toBe('mina');
    expect(nameFrom(payload, { name: 'nothing' })).toBe('auth0|7');
  });

  it('holds nothing that steers a terminal, and is short', () => {
    expect(nameFrom({ sub: 's', email: 'a\u001b[31m\u202eb\u009b 민아' }, {})).toBe('a[31mb 민아');
    expect(nameFrom({ sub: 'x'.repeat(500) }, {})).toHaveLength(64);
    expect(nameFrom({ sub: '\u200b', email: ' ' }, {})).toBe('unnamed');
  });
});
