/** From drafts to a plan: guard rails, consequences, level and hash. */
import { createHash } from 'node:crypto';
import {
  type EventPlan,
  type Level,
  levels,
  type ParsedAction,
  type Plan,
} from '../../../contract/actions.ts';
import { TacosError } from '../../../contract/errors.ts';
import type { Budget } from '../budget.ts';
import type { ChangesParts } from '../changes-parts.ts';
import { behaviourOf } from '../forecast-input.ts';
import { consequencesOf, type Foreseen, foresee } from './consequences.ts';
import type { Draft } from './draft.ts';
import { guardsOf } from './guards.ts';

/** Events of one action for which outcomes are foreseen: each takes some 30 ms in which this process does nothing else. */
const foreseenMax = 8;

/** A draft with its item of the plan. */
export interface Compiled {
  readonly draft: Draft;
  readonly item: EventPlan;
  readonly foreseen: Foreseen | undefined;
}

export class Compiler {
  private readonly parts: ChangesParts;
  private readonly budget: Budget;

  constructor(parts: ChangesParts, budget: Budget) {
    this.parts = parts;
    this.budget = budget;
  }

  /** Without forecasts where there are many. */
  async items(drafts: readonly Draft[]): Promise<Compiled[]> {
    const [state, claims] = await Promise.all([this.budget.state(), this.budget.claims()]);
    const all = [...claims.values()].reduce((sum, micro) => sum + micro, 0);
    const compiled: Compiled[] = [];
    for (const draft of drafts) {
      const own = claims.get(draft.event ?? '') ?? 0;
      const budget = { othersMicro: all - own, perSecMicro: state.perSecMicro };
      const foreseen = drafts.length <= foreseenMax ? await this.foreseen(draft) : undefined;
      const guards = guardsOf(draft, budget);
      const item: EventPlan = {
        event: draft.event,
        ...(draft.subject === undefined ? {} : { subject: draft.subject }),
        revision: draft.revision,
        rows: [...draft.rows],
        consequences: consequencesOf(draft, { foreseen, budget }),
        warnings: [...draft.warnings, ...guards.warnings],
        refusals: [...draft.refusals, ...guards.refusals],
        people: draft.people,
        unchanged: draft.unchanged,
      };
      compiled.push({ draft, item, foreseen });
    }
    return compiled;
  }

  plan(action: ParsedAction, compiled: readonly Compiled[]): Plan {
    const drafts = compiled.map(({ draft }) => draft);
    return {
      kind: 'Plan',
      hash: planHash(action, drafts),
      asOf: new Date(this.parts.clock.nowMs()).toISOString(),
      dataAgeSec: Math.max(0, ...drafts.map(({ seen }) => seen?.ageSec ?? 0)),
      action: action.type,
      level: this.level(drafts),
      items: compiled.map(({ item }) => item),
      undoSec: drafts.length === 0 ? 0 : Math.min(...drafts.map(({ undoSec }) => undoSec)),
      irreversible: [...new Set(drafts.flatMap(({ irreversible }) => irreversible))],
      warnings: [],
    };
  }

  private async foreseen(draft: Draft): Promise<Foreseen | undefined> {
    const { seen } = draft;
    if (!seen || !draft.moves) return undefined;
    const { replica } = await this.parts.event(seen.id);
    return foresee(draft, behaviourOf(replica.flow, seen));
  }

  /** The highest of all; outside protected environments what can be undone is no more than S1. */
  private level(drafts: readonly Draft[]): Level {
    const highest = levels[Math.max(0, ...drafts.map(({ level }) => levels.indexOf(level)))] ?? 'S1';
    return highest === 'S2' && !this.parts.environment.isProtected ? 'S1' : highest;
  }
}

/** Stays the same as long as neither the action, nor a version that it was planned on, nor whom it names changes. */
export function planHash(
  action: ParsedAction,
  drafts: readonly Pick<Draft, 'event' | 'revision' | 'named'>[],
): string {
  const versions = drafts
    .map(({ event, revision, named = [] }) => [event ?? '', revision, ...named].join(' '))
    .sort();
  return createHash('sha256')
    .update(JSON.stringify([action, versions]))
    .digest('hex')
    .slice(0, 8);
}

/** The refusal that stands in the way of a change; undefined = none that `override` does not pass. */
export function refusalOf(item: EventPlan, override: boolean): TacosError | undefined {
  const open = item.refusals.filter(({ canOverride }) => !(canOverride && override));
  const [first] = open;
  if (!first) return undefined;
  const passable = open.every(({ canOverride }) => canOverride);
  return new TacosError(first.code === 'VERSION_CONFLICT' ? 'VERSION_CONFLICT' : 'GUARD_RAIL', {
    message: `${first.text}.`,
    ...(passable ? { hint: 'an admin can pass by --override' } : {}),
    body: { refusals: item.refusals, current: item.rows, revision: item.revision },
  });
}

/** Somebody changed it meanwhile: the rows as they are now. */
export function conflictOf(items: readonly Pick<EventPlan, 'rows' | 'revision'>[]): TacosError {
  const revision = items[0]?.revision ?? 0;
  return new TacosError('VERSION_CONFLICT', {
    message: `The settings are at version ${revision} now.`,
    hint: 'look at the current values and plan again',
    body: { current: items.flatMap(({ rows }) => rows), revision },
  });
}
