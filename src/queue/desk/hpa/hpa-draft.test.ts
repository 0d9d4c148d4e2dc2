import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../contract/audit.ts';
import type { AutoscalerState } from './autoscaler.ts';
import { digestOf, type HpaPatch, type HpaSeen, hpaDraft, withAnswer } from './hpa-draft.ts';
import { isOfHpa, undoHpa } from './undo-hpa.ts';

const nowMs = Date.parse('2026-11-21T05:00:00Z');

const stateOf = (change: Partial<AutoscalerState> = {}): AutoscalerState => ({
  namespace: 'shop',
  name: 'gateway',
  target: 'Deployment/gateway',
  minReplicas: 3,
  maxReplicas: 50,
  targetCpuPercent: 60,
  metrics: [{ name: 'cpu', targetPercent: 60, currentPercent: 41 }],
  replicas: { asked: 6, current: 6, ready: 6 },
  why: [],
  owners: [],
  gitops: null,
  declared: {},
  changeId: null,
  raw: {},
  ...change,
});
const seenOf = (change: Partial<HpaSeen> = {}): HpaSeen => ({
  state: stateOf(),
  hold: undefined,
  revision: 4,
  nowMs,
  ...change,
});
const hold = {
  hpa: 'shop/gateway',
  auditId: 'aud_1',
  actor: 'mina',
  min: 10,
  before: 3,
  untilMs: nowMs + 60_000,
  takeOver: true,
};
const draft = (action: Partial<HpaPatch>, seen: Partial<HpaSeen> = {}) =>
  hpaDraft(seenOf(seen), { type: 'hpa.patch', takeOver: false, ...action });

describe('a change of the autoscaler', () => {
  it('says what it was and will be, and how to bring it back', () => {
    expect(draft({ min: 10, targetCpuPercent: 70 })).toMatchObject({
      subject: 'hpa/gateway',
      revision: 4,
      rows: [
        { name: 'minReplicas', unit: 'pods', before: 3, after: 10 },
        { name: 'targetCpuPercent', unit: 'percent', before: 60, after: 70 },
      ],
      level: 'S2',
      unchanged: false,
      warnings: ['4 more pods than run now must start first'],
      restore: { minReplicas: '3', targetCpuPercent: '60' },
      summary: 'hpa/gateway min 3 -> 10, target cpu 60 -> 70',
    });
    expect(draft({ min: 3, max: 50 }).unchanged).toBe(true);
  });

  it('is S3 where running pods end', () => {
    expect(draft({ max: 6 }).level).toBe('S2');
    expect(draft({ max: 4, min: 2 })).toMatchObject({
      level: 'S3',
      irreversible: [expect.stringContaining('2 running pods')],
    });
  });

  it('is refused where the floor would be over the top', () => {
    expect(draft({ min: 51 }).refusals).toMatchObject([{ code: 'MIN_OVER_MAX', canOverride: false }]);
    expect(draft({ max: 2 }).refusals).toHaveLength(1);
  });

  it('warns of who keeps it, and of who set what it changes', () => {
    const state = stateOf({
      gitops: { tool: 'Argo CD', name: 'shop' },
      owners: [{ field: 'minReplicas', manager: 'argocd-controller', operation: 'Apply' }],
    });
    expect(draft({ min: 5 }, { state }).warnings).toEqual([
      expect.stringContaining('Argo CD (shop) keeps'),
      'minReplicas was set by argocd-controller (Apply)',
    ]);
    expect(draft({ min: 3 }, { state }).warnings).toEqual([]);
  });

  it('says whose a field is where the API server refuses it', () => {
    const fields = [{ field: '.spec.minReplicas', manager: 'helm' }];
    expect(withAnswer(draft({ min: 5 }), { word: 'conflict', fields }).refusals).toEqual([
      {
        code: 'FIELD_CONFLICT',
        text: 'minReplicas belongs to helm: change it there, or add --take-over',
        canOverride: false,
      },
    ]);
    expect(withAnswer(draft({ min: 5 }), { word: 'invalid', text: 'no' }).refusals).toMatchObject([
      { code: 'INVALID' },
    ]);
  });

  it('has another digest where a value differs, not where the load does', () => {
    const busy = stateOf({ metrics: [{ name: 'cpu', targetPercent: 60, currentPercent: 99 }] });
    expect(digestOf(busy)).toBe(digestOf(stateOf()));
    expect(digestOf(stateOf({ maxReplicas: 51 }))).not.toBe(digestOf(stateOf()));
  });
});

describe('a hold', () => {
  it('pins what runs now where no floor is given, and never over the top', () => {
    const held = draft({ holdSec: 60 });
    expect(held.operation).toMatchObject({
      values: { minReplicas: 6 },
      hold: { min: 6, before: 3, untilMs: nowMs + 60_000 },
    });
    expect(held.rows.at(-1)).toEqual({
      name: 'holdUntil',
      unit: 'time',
      before: null,
      after: '2026-11-21T05:01:00.000Z',
    });
    expect(draft({ holdSec: 60, max: 5 }).operation.values).toEqual({ minReplicas: 5, maxReplicas: 5 });
  });

  it('that replaces another brings back what that one would have', () => {
    const next = draft({ min: 20, holdSec: 60 }, { hold, state: stateOf({ minReplicas: 10 }) });
    expect(next.operation.hold).toMatchObject({ min: 20, before: 3 });
  });

  it('is ended by a floor without a time, and untouched by other values', () => {
    const ended = draft({ min: 8 }, { hold });
    expect([ended.operation.hold, ended.warnings[1]]).toEqual([
      null,
      expect.stringContaining('ends the hold of min 10'),
    ]);
    expect(draft({ max: 60 }, { hold }).operation.hold).toBeUndefined();
  });
});

describe('undo', () => {
  const entry = {
    auditId: 'aud_1',
    at: '2026-11-21T04:59:00Z',
    event: null,
    action: 'hpa.patch',
    revision: 4,
    rows: [{ name: 'minReplicas', unit: 'pods', before: 2, after: 3 }],
  } as unknown as AuditEntry;
  const restore = { minReplicas: '2' };

  it('sets what was before, if it is still what was after', () => {
    const undone = { entry, restore };
    expect(isOfHpa(undone)).toBe(true);
    expect(undoHpa(seenOf(), undone)).toMatchObject({
      undoes: 'aud_1',
      refusals: [],
      operation: { values: { minReplicas: 2 } },
    });
  });

  it('is refused at another version, or where somebody else changed it', () => {
    const codes = (seen: HpaSeen) => undoHpa(seen, { entry, restore }).refusals.map(({ code }) => code);
    expect(codes(seenOf({ revision: 5 }))).toEqual(['VERSION_CONFLICT']);
    expect(codes(seenOf({ state: stateOf({ minReplicas: 9 }) }))).toEqual(['CHANGED_SINCE']);
    expect(codes(seenOf({ nowMs: nowMs + 3_600_000 }))).toEqual(['TOO_LATE']);
  });

  it('is of no record that says not what was before', () => {
    expect(() => undoHpa(seenOf(), { entry })).toThrow('cannot be undone');
  });
});
