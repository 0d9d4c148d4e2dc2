import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { auditOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe('audit list', () => {
  const list = (...more: string[]) => machine.run('audit', 'list', ...more);

  it('prints who changed what, newest first', async () => {
    machine.api.auditNow = [
      auditOf(),
      auditOf({ auditId: 'aud_B', event: null, actor: 'joon', summary: 'budget 120' }),
    ];
    const { code, stdout, stderr } = await list();
    expect([code, stderr, stdout.split('\n')]).toEqual([
      0,
      '',
      [
        'AT                    AUDIT     EVENT  ACTOR  SUMMARY',
        '2026-11-21T05:03:24Z  aud_7R0D  evt_x  mina   refill 50->80',
        '2026-11-21T05:03:24Z  aud_B     -      joon   budget 120',
        '',
      ],
    ]);
    expect((await list('--event', 'evt_x', '-o', 'name')).stdout).toBe('aud_7R0D\n');
  });

  it('reads page after page, up to the limit or the time', async () => {
    machine.api.auditNow = Array.from({ length: 250 }, (_, at) =>
      auditOf({
        auditId: `aud_${at}`,
        at: new Date(Date.parse('2026-11-21T05:03:21Z') - at * 60_000).toISOString(),
      }),
    );
    const names = async (...more: string[]) =>
      (await list('-o', 'name', ...more)).stdout.trimEnd().split('\n').length;
    expect(await names()).toBe(20);
    expect(await names('--limit', '230')).toBe(230);
    expect(await names('--limit', '1000')).toBe(250);
    expect(await names('--limit', '1000', '--since', '2h')).toBe(121);
    expect(await names('--limit', '1000', '--since', '2026-11-21T05:00:00Z')).toBe(4);
    expect(await names('--limit', '5', '--since', '2h')).toBe(5);
  });

  it.each([
    [['--since', 'soon']],
    [['--since', '2026-11-21T05:00']],
    [['--event', 'a b']],
    [['--limit', '0']],
  ])('%j is exit 2', async (flags) => {
    expect(await list(...flags)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('audit show', () => {
  it('prints one change in full', async () => {
    const { code, stdout } = await machine.run('audit', 'show', 'aud_7R0D');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'audit       aud_7R0D',
      'at          2026-11-21 05:03:24 UTC',
      'event       evt_x',
      'actor       mina (operator)',
      'client      tacos/1.2.3 (mina@desk-1)',
      'action      bucket.set',
      'summary     refill 50->80',
      'reason      ramp step 2',
      'version     19',
      'refill      50.0/s -> 80.0/s  (+60%)',
      'undo until  2026-11-21 05:18:24 UTC',
      '',
    ]);
    expect(await machine.run('audit', 'show', '../x')).toMatchObject({ code: 2, stdout: '' });
  });
});
