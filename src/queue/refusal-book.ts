/**
 * Whom one worker refused at one event, by operation and code. The counts go to Redis with the reports that are sent
 * anyway, and only when they have changed; since they are those since the worker began, a report sent twice counts once.
 */
import type { ErrorCode } from '../contract/errors.ts';

/** What visitors ask of a line. */
export type LineOperation = 'join' | 'status' | 'enter' | 'leave' | 'stream';

/** One line of what was refused. */
export interface RefusalCount {
  readonly operation: string;
  readonly code: string;
  readonly count: number;
}

export class RefusalBook {
  private readonly counts = new Map<string, number>();
  private last = '';

  /** Counts one. */
  note(operation: LineOperation, code: ErrorCode): void {
    const name = `${operation}.${code}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
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

/** Adds up the hash `refused` of an event, most first. */
export function sumRefusals(hash: Readonly<Record<string, string>>): RefusalCount[] {
  const sums = new Map<string, number>();
  const add = (name: string, count: number): void => void sums.set(name, (sums.get(name) ?? 0) + count);
  for (const [field, text] of Object.entries(hash)) {
    if (field.startsWith('sum:')) add(field.slice('sum:'.length), Number(text));
    else for (const [, name = '', count] of text.matchAll(/([^ ,]+) (\d+)/g)) add(name, Number(count));
  }
  return [...sums]
    .map(([name, count]) => {
      const [operation = '', code = ''] = name.split('.');
      return { operation, code, count };
    })
    .sort(
      (a, b) => b.count - a.count || a.operation.localeCompare(b.operation) || a.code.localeCompare(b.code),
    );
}
