/**
 * What one worker counted at one event, for the report on its sale: whom it refused, by operation and code, and how wrong
 * the waits were that it showed. The counts go to Redis with the reports that are sent anyway, and only when they have
 * changed; since they are those since the worker began, a report sent twice counts once.
 */
import type { ErrorCode } from '../contract/errors.ts';

/** What visitors ask of a line. */
export type LineOperation = 'join' | 'status' | 'enter' | 'leave' | 'stream';

/** Names of the counts; errors are thousandths of the real wait, added up. */
export type CountName = `${LineOperation}.${ErrorCode}` | 'eta.places' | 'eta.errors';

/** Refusals of one kind. */
export interface RefusalCount {
  readonly operation: string;
  readonly code: string;
  readonly count: number;
}

export class CountBook {
  private readonly counts = new Map<CountName, number>();
  private last = '';

  add(name: CountName, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  /** The counts as presence.lua takes them; '' = Redis has them. */
  unsent(): string {
    const text = [...this.counts].map(([name, count]) => `${name} ${count}`).join();
    return text === this.last ? '' : text;
  }

  /** Redis has what `unsent` gave. */
  sent(text: string): void {
    if (text !== '') this.last = text;
  }
}

/** What all workers of an event counted, those that are gone included. */
export interface EventCounts {
  /** Most first. */
  readonly refusals: readonly RefusalCount[];
  /** Mean error of the waits shown, share of the real ones; null = none was judged. */
  readonly etaErrorRatio: number | null;
}

/** Adds up the hash `counts` of an event. */
export function sumCounts(hash: Readonly<Record<string, string>>): EventCounts {
  const sums = new Map<string, number>();
  const add = (name: string, count: number): void => void sums.set(name, (sums.get(name) ?? 0) + count);
  for (const [field, text] of Object.entries(hash)) {
    if (field.startsWith('sum:')) add(field.slice('sum:'.length), Number(text));
    else for (const [, name = '', count] of text.matchAll(/([^ ,]+) (\d+)/g)) add(name, Number(count));
  }
  const [places, errors] = [sums.get('eta.places') ?? 0, sums.get('eta.errors') ?? 0];
  const refusals = [...sums].flatMap(([name, count]) => {
    const [operation = '', code = ''] = name.split('.');
    return operation === 'eta' ? [] : [{ operation, code, count }];
  });
  const text = ({ operation, code }: RefusalCount): string => `${operation} ${code}`;
  return {
    refusals: refusals.sort((a, b) => b.count - a.count || text(a).localeCompare(text(b))),
    etaErrorRatio: places === 0 ? null : errors / places / 1000,
  };
}
