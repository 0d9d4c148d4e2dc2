/** Operators' changes: what an action would do (plan), doing it (act), and what goes on by itself afterwards (tick). */
import type { ChangeReply, ParsedActRequest, ParsedPlanRequest, Plan } from '../../contract/actions.ts';
import type { BudgetView, VersionView } from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import { Acting } from './actions/acting.ts';
import { settleAll } from './actions/bounded.ts';
import { Compiler } from './actions/compile.ts';
import { Planner } from './actions/planner.ts';
import { Budget } from './budget.ts';
import type { ChangeAuthor, ChangedEvent, ChangeOptions, ChangesParts } from './changes-parts.ts';
import { historyOf } from './history.ts';
import { Jobs } from './jobs.ts';
import { OpenSettings } from './open-settings.ts';
import { Outcomes } from './outcomes.ts';

export type { ChangeAuthor, ChangedEvent, ChangeOptions, ChangesParts } from './changes-parts.ts';

/** Changes are looked at again for so long, ms; a little more than outcomes.ts looks back. */
const busyMs = 660_000;
/** Events read at once. */
const eventsAtOnce = 64;

export class Changes {
  private readonly parts: ChangesParts;
  private readonly settings: OpenSettings;
  private readonly claims: Budget;
  private readonly planner: Planner;
  private readonly compiler: Compiler;
  private readonly acting: Acting;
  private readonly outcomes: Outcomes;
  private readonly jobs: Jobs;
  private ticking = false;

  constructor(parts: ChangesParts) {
    this.parts = parts;
    const { redis, clock, store, environment, log } = parts;
    const { defaultBudgetPerSec } = environment;
    this.settings = new OpenSettings(redis, () => parts.openEvents());
    this.claims = new Budget({
      redis,
      clock,
      settings: this.settings,
      ...(defaultBudgetPerSec === undefined ? {} : { defaultPerSec: defaultBudgetPerSec }),
    });
    this.planner = new Planner(parts, this.claims);
    this.compiler = new Compiler(parts, this.claims);
    this.acting = new Acting(parts, {
      budget: this.claims,
      planner: this.planner,
      compiler: this.compiler,
    });
    this.outcomes = new Outcomes({ redis, clock, store });
    this.jobs = new Jobs(store, log);
  }

  /** See `Desk.plan`. */
  async plan(request: ParsedPlanRequest, _author: ChangeAuthor): Promise<Plan> {
    const targets = await this.planner.targets(request);
    const drafts = await settleAll(targets, eventsAtOnce, (event) =>
      this.planner.draft(request.action, event),
    );
    const made = drafts.map((draft) => {
      if (!draft.ok) throw draft.error;
      return draft.value;
    });
    return this.compiler.plan(request.action, await this.compiler.items(made));
  }

  /** See `Desk.act`. */
  act(request: ParsedActRequest, options: ChangeOptions): Promise<ChangeReply> {
    return this.acting.act(request, options);
  }

  /** See `Desk.budget`. */
  budget(): Promise<BudgetView> {
    return this.claims.view();
  }

  /** See `Desk.history`. */
  async history(event: string): Promise<VersionView[]> {
    return historyOf(this.parts, await this.parts.event(event));
  }

  /**
   * To be called each second: carries on unfinished jobs, writes outcomes, puts the claims of the budget right. Does
   * nothing while the call before is under way. What fails is tried again by the next call.
   */
  async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      const busy = await this.busy();
      const tasks = [
        () => this.claims.settle(),
        () => this.jobs.carryOn(busy),
        () => this.outcomes.look(busy),
      ];
      for (const task of tasks) {
        await task().catch((error: unknown) =>
          this.parts.log.warn(
            { reason: error instanceof Error ? error.message : String(error) },
            'a tick failed',
          ),
        );
      }
    } finally {
      this.ticking = false;
    }
  }

  /**
   * Events in which something may have to be done: those of operators, which the desk follows anyway, and others that
   * have a job or were changed lately. One that is gone meanwhile is left out.
   */
  private async busy(): Promise<ChangedEvent[]> {
    const nowMs = this.parts.clock.nowMs();
    const ids = [...(await this.settings.recent())].flatMap(([id, { kind, job, changedAtMs }]) =>
      kind === 'operator' || job || nowMs - changedAtMs < busyMs ? [id] : [],
    );
    const found = await settleAll(ids, eventsAtOnce, (id) => this.parts.event(id));
    return found.flatMap((one) => {
      if (one.ok) return [one.value];
      if (one.error instanceof TacosError && one.error.refusal.code === 'EVENT_NOT_FOUND') return [];
      throw one.error;
    });
  }
}
