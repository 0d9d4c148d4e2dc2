/** The plan of a sale in Redis, and what became of its steps. */
import { z } from 'zod';
import { type SaleStep, saleApplySchema } from '../contract/actions.ts';
import { roles } from '../contract/admin-api.ts';
import { type StepOutcome, saleStates, stepOutcomeSchema } from '../contract/sale.ts';
import { type EventRef, StoreBase } from './store-base.ts';

const storedSchema = z.object({
  id: z.string(),
  state: z.enum(saleStates),
  appliedAt: z.coerce.number(),
  stoppedAt: z.coerce.number().optional(),
});
const bySchema = z.object({
  name: z.string(),
  role: z.enum(roles),
  client: z.string(),
  reason: z.string(),
  ticket: z.string().optional(),
  override: z.boolean(),
});

/** Who applied a sale, and so does its steps. */
export type SaleAuthor = z.infer<typeof bySchema>;

/** What is kept of a sale when it is applied. */
export interface SalePlan {
  readonly plan: z.output<typeof saleApplySchema>;
  readonly by: SaleAuthor;
  /** Meta fields as they were before. */
  readonly restore: Readonly<Record<string, string>>;
}

/** A sale as Redis has it. Times in Redis ms. */
export interface StoredSale extends SalePlan {
  readonly id: string;
  readonly state: (typeof saleStates)[number];
  readonly appliedAtMs: number;
  readonly stoppedAtMs?: number;
  /** Step to what became of it; those that are to come are not in it. */
  readonly outcomes: ReadonlyMap<string, StepOutcome>;
}

/** Steps in the order in which they are run: by time, and as written where two have the same. */
export const inOrder = (steps: readonly SaleStep[]): SaleStep[] =>
  steps.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));

const stepField = 'step:';

export class SaleStore extends StoreBase {
  /** The sale of an event: the one that runs, else the last one; undefined = there was none. */
  async read({ keys }: Pick<EventRef, 'keys'>): Promise<StoredSale | undefined> {
    const fields = await this.redis.hgetall(keys.sale);
    if (fields.id === undefined) return undefined;
    const { id, state, appliedAt, stoppedAt } = storedSchema.parse(fields);
    const json = (name: string): unknown => JSON.parse(fields[name] ?? 'null');
    const steps = Object.keys(fields).filter((name) => name.startsWith(stepField));
    return {
      id,
      state,
      appliedAtMs: appliedAt,
      ...(stoppedAt === undefined ? {} : { stoppedAtMs: stoppedAt }),
      plan: saleApplySchema.parse(json('plan')),
      by: bySchema.parse(json('by')),
      restore: z.record(z.string(), z.string()).parse(json('restore')),
      outcomes: new Map(
        steps.map((name) => [name.slice(stepField.length), stepOutcomeSchema.parse(json(name))]),
      ),
    };
  }

  /** `other` = a sale runs already. Applied again under the same id: nothing more happens. */
  apply(event: EventRef, sale: SalePlan & { id: string; audit: string; nowUs?: number }) {
    const { id, audit, plan, by, restore } = sale;
    const fields = Object.fromEntries(
      Object.entries({ plan, by, restore }).map(([name, value]) => [name, JSON.stringify(value)]),
    );
    return this.say(event, { word: 'apply', id, fields, audit, nowUs: sale.nowUs });
  }

  /** Says once what became of a step. */
  note(event: EventRef, note: { id: string; step: string; outcome: StepOutcome; nowUs?: number }) {
    const fields = { [`${stepField}${note.step}`]: JSON.stringify(note.outcome) };
    return this.say(event, { word: 'note', id: note.id, fields, nowUs: note.nowUs });
  }

  /** No step is left. */
  done(event: EventRef, sale: { id: string; nowUs?: number }) {
    return this.say(event, { word: 'done', id: sale.id, nowUs: sale.nowUs });
  }

  /** No further step is run; `known` = it was stopped before. */
  stop(event: EventRef, sale: { id: string; audit?: string; nowUs?: number }) {
    return this.say(event, { word: 'stop', ...sale });
  }

  private async say(
    event: EventRef,
    said: {
      word: 'apply' | 'note' | 'done' | 'stop';
      id: string;
      fields?: Record<string, string>;
      audit?: string;
      nowUs?: number | undefined;
    },
  ): Promise<'applied' | 'known' | 'other'> {
    const { word, id, fields = {}, audit = '', nowUs } = said;
    const args = { word, saleId: id, fields: JSON.stringify(fields), audit };
    const reply = await this.run('set_sale', event, { ...args, ...(nowUs === undefined ? {} : { nowUs }) }, [
      'applied',
      'known',
      'other',
    ]);
    return reply[0] as 'applied' | 'known' | 'other';
  }
}
