/**
 * The budget of the backends: admissions a second that all events together may use. Each event has a claim in Redis, the
 * highest refill of its course; a rise takes its claim before it is made, so that two at once cannot both pass the
 * budget. Claims are put right every few seconds from the settings in force, which also mends what a desk that died
 * left behind.
 */
import type { BudgetView } from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import { microPerToken } from '../../contract/limits.ts';
import type { RedisClient } from '../../redis/client.ts';
import { globalKeys, runGlobal } from '../global-scripts.ts';
import type { RedisClock } from '../redis-clock.ts';
import { claimOf, refillInForce } from './actions/claim.ts';
import type { OpenSettings, OpenSettingsMap } from './open-settings.ts';

/** A claim younger than this may belong to a change that replicas have not seen yet, ms. */
const graceMs = 5_000;
/** Claims that have not changed are written again after so long, ms: another desk may have got them wrong. */
const againMs = 5_000;

export interface BudgetParts {
  readonly redis: RedisClient;
  readonly clock: RedisClock;
  /** Of all events that are not closed. */
  readonly settings: OpenSettings;
  /** Until one is set, admissions a second; undefined = no budget. */
  readonly defaultPerSec?: number;
}

/** What a claim was answered with, micro-tokens a second. `budget` null = there is none. */
export interface ClaimReply {
  readonly word: 'claimed' | 'over';
  readonly before: number;
  readonly others: number;
  readonly budget: number | null;
}

/** The budget as it stands, micro-tokens a second. */
export interface BudgetState {
  readonly perSecMicro: number | null;
  readonly revision: number;
  /** As meta keeps it: empty = no budget; undefined = never set. */
  readonly raw: string | undefined;
}

export class Budget {
  private readonly parts: BudgetParts;
  private settled = { text: '', atMs: Number.NEGATIVE_INFINITY };

  constructor(parts: BudgetParts) {
    this.parts = parts;
  }

  async state(): Promise<BudgetState> {
    const [perSec, revision] = await this.parts.redis.hmget(globalKeys.budget, 'perSec', 'revision');
    const text = perSec ?? this.defaultMicro;
    return {
      perSecMicro: text === '' ? null : Number(text),
      revision: Number(revision ?? 0),
      raw: perSec ?? undefined,
    };
  }

  async view(): Promise<BudgetView> {
    const [state, settings] = await Promise.all([this.state(), this.parts.settings.recent()]);
    const nowMs = this.parts.clock.nowMs();
    const events = [...settings]
      .map(([event, one]) => ({ event, refillPerSec: refillInForce(one, nowMs) / microPerToken }))
      .filter(({ refillPerSec }) => refillPerSec > 0)
      .sort((a, b) => b.refillPerSec - a.refillPerSec || (a.event < b.event ? -1 : 1));
    const usedMicro = [...settings.values()].reduce((sum, one) => sum + refillInForce(one, nowMs), 0);
    return {
      perSec: state.perSecMicro === null ? null : state.perSecMicro / microPerToken,
      usedPerSec: usedMicro / microPerToken,
      revision: state.revision,
      events,
    };
  }

  /** Highest refill that each event may come to, micro-tokens a second; those that admit nobody are left out. */
  async claims(): Promise<Map<string, number>> {
    return this.claimsOf(await this.parts.settings.read());
  }

  /** Takes a rise's share before it is made. What others' settings say at this moment counts, whatever was claimed. */
  async claim(event: string, refillMicro: number, override: boolean): Promise<ClaimReply> {
    await this.write(textOf(await this.claims()));
    return this.take(event, refillMicro, { override });
  }

  /** Puts a share back where the change was not made, unless somebody took another one meanwhile. */
  async giveBack(event: string, claimed: { micro: number; before: number }): Promise<void> {
    await this.take(event, claimed.before, { override: true, expect: claimed.micro });
  }

  /** Notes that an event takes less from now on, unless somebody took another share for it meanwhile. */
  async lower(event: string, claim: { readonly before: number; readonly after: number }): Promise<void> {
    await this.take(event, claim.after, { override: true, expect: claim.before });
  }

  /** Puts all claims right, from the settings in force. Does nothing where they are what they were lately. */
  async settle(): Promise<void> {
    const nowMs = this.parts.clock.nowMs();
    const text = textOf(this.claimsOf(await this.parts.settings.recent()));
    if (text === this.settled.text && nowMs - this.settled.atMs < againMs) return;
    await this.write(text);
  }

  private async write(text: string): Promise<void> {
    await runGlobal(this.parts.redis, 'settle_budget', { claims: text, graceMs });
    this.settled = { text, atMs: this.parts.clock.nowMs() };
  }

  /** Sets the budget; null = none. `applied` with the revision, or `conflict` with the one that it has. */
  async set(change: {
    perSecMicro: number | null;
    ifRevision: number;
    changeId: string;
    audit: string;
  }): Promise<{ word: 'applied' | 'conflict'; revision: number }> {
    const { perSecMicro, ...rest } = change;
    const [word, revision] = await runGlobal(this.parts.redis, 'set_budget', {
      ...rest,
      perSec: perSecMicro ?? '',
    });
    if (word !== 'applied' && word !== 'conflict') throw new Error(`lua/set_budget.lua answered "${word}"`);
    return { word, revision: Number(revision) };
  }

  private claimsOf(settings: OpenSettingsMap): Map<string, number> {
    const nowMs = this.parts.clock.nowMs();
    const claims = new Map<string, number>();
    for (const [id, one] of settings) {
      const micro = claimOf(one, nowMs);
      if (micro > 0) claims.set(id, micro);
    }
    return claims;
  }

  private get defaultMicro(): string {
    const { defaultPerSec } = this.parts;
    return defaultPerSec === undefined ? '' : String(Math.round(defaultPerSec * microPerToken));
  }

  private async take(
    event: string,
    refillMicro: number,
    how: { override: boolean; expect?: number },
  ): Promise<ClaimReply> {
    const [word, before, others, budget] = await runGlobal(this.parts.redis, 'claim_budget', {
      event,
      refill: refillMicro,
      default: this.defaultMicro,
      override: how.override ? 1 : 0,
      expect: how.expect ?? '',
    });
    return {
      word: word === 'over' ? 'over' : 'claimed',
      before: Number(before),
      others: Number(others),
      budget: Number(budget) < 0 ? null : Number(budget),
    };
  }
}

const textOf = (claims: ReadonlyMap<string, number>): string => JSON.stringify(Object.fromEntries(claims));

/** The refusal of a rise that passes the budget, with the values as they are. */
export function overBudget(
  reply: Pick<ClaimReply, 'before' | 'others' | 'budget'>,
  wantedMicro: number,
): TacosError {
  const perSec = (micro: number): number => micro / microPerToken;
  return new TacosError('GUARD_RAIL', {
    message: budgetText(reply, wantedMicro),
    hint: 'tacos budget get',
    body: {
      budget: {
        perSec: reply.budget === null ? null : perSec(reply.budget),
        othersPerSec: perSec(reply.others),
        wantedPerSec: perSec(wantedMicro),
      },
    },
  });
}

export function budgetText(
  reply: Pick<ClaimReply, 'before' | 'others' | 'budget'>,
  wantedMicro: number,
): string {
  const perSec = (micro: number): string => String(Math.round(micro / (microPerToken / 100)) / 100);
  return (
    `all events together would use ${perSec(reply.others + wantedMicro)}/s, the budget is ` +
    `${perSec(reply.budget ?? 0)}/s: ${perSec(Math.max(0, (reply.budget ?? 0) - reply.others))}/s is left for this one`
  );
}
