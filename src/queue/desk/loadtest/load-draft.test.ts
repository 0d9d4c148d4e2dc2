import { describe, expect, it } from 'vitest';
import type { LoadRun } from '../../../contract/loadtest.ts';
import type { Seen } from '../actions/draft.ts';
import { type LoadStartAction, startDraft, stopDraft } from './load-draft.ts';

const seenOf = (kind: 'operator' | 'test' | 'auto'): Seen =>
  ({ id: 'evt_x', settings: { kind, revision: 7 }, nowMs: 0 }) as Seen;
const action: LoadStartAction = {
  type: 'loadtest.start',
  name: 'tacos-30k-x',
  scenario: '30k',
  runners: 8,
  scale: 0.5,
  timeScale: 1,
};
const run: LoadRun = {
  name: 'tacos-30k-x',
  namespace: 'loadtest',
  scenario: '30k',
  event: 'evt_x',
  baseUrl: 'http://gateway',
  runners: 8,
  stage: 'started',
  startedAt: '2026-11-21T05:00:00.000Z',
  actor: 'omar',
  auditId: 'aud_1',
  pods: null,
  problems: [],
};
const draft = (kind: 'operator' | 'test' | 'auto', isProtected: boolean, runs: readonly LoadRun[] = []) =>
  startDraft(seenOf(kind), action, { runs, isProtected });

describe('a load test as a change', () => {
  it('goes to test events only where the server is protected, and no admin can pass that', () => {
    expect(draft('test', true).refusals).toEqual([]);
    for (const kind of ['operator', 'auto'] as const)
      expect(draft(kind, true).refusals).toMatchObject([{ code: 'NOT_A_TEST_EVENT', canOverride: false }]);
    expect(draft('operator', false).refusals).toEqual([]);
  });

  it('is felt by visitors, says what it starts, and warns of visitors and of other tests', () => {
    const { level, rows, summary, event } = draft('test', true);
    expect([level, event]).toEqual(['S2', 'evt_x']);
    expect(rows).toMatchObject([
      { name: 'loadtest', after: '30k (rates x0.5, times x1) as tacos-30k-x' },
      { name: 'runners', before: 0, after: 8 },
    ]);
    expect(summary).toContain('by 8 runners');
    expect(draft('auto', false).warnings).toEqual([]);
    expect(draft('operator', false).warnings).toEqual([expect.stringContaining('no test event')]);
    expect(draft('test', true, [run]).warnings).toEqual([expect.stringContaining('of omar is running')]);
    expect(draft('test', true, [{ ...run, stage: 'finished' }]).warnings).toEqual([]);
  });

  it('is ended without being asked, and the record says whether it had ended', () => {
    const { level, event, subject, rows, summary } = stopDraft(run);
    expect([level, event, subject]).toEqual(['S1', null, 'loadtest/tacos-30k-x']);
    expect(rows).toContainEqual({ name: 'runners', unit: 'pods', before: 8, after: 0 });
    expect(summary).toContain('stopped and removed');
    expect(stopDraft({ ...run, stage: 'error' }).summary).toContain('it had ended (error)');
  });
});
