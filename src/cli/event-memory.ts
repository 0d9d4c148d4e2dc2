/** Event ids that earlier commands have seen: what completion offers without asking a server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextNamePattern } from './context-names.ts';
import { cacheFolder } from './paths.ts';
import { writePrivate } from './private-file.ts';
import type { Runtime } from './runtime.ts';

type Machine = Pick<Runtime, 'env' | 'home' | 'platform' | 'clock'>;

/** How long names are offered, ms. */
export const memoryMs = 60_000;
/** Names that are kept: a TAB that lists more helps nobody. */
const namesMax = 500;

const fileOf = (machine: Machine, context: string): string =>
  join(cacheFolder(machine), 'events', `${context}.json`);

/** Keeps the ids of a context's events. A cache that cannot be written is no reason to fail. */
export function rememberEvents(machine: Machine, context: string, events: readonly string[]): void {
  try {
    const memory = { atMs: machine.clock.now(), events: events.slice(0, namesMax) };
    writePrivate(fileOf(machine, context), `${JSON.stringify(memory)}\n`);
  } catch {
    // Completion offers nothing then.
  }
}

/** Ids seen in the last minute; none where nothing was. Only ids that every shell takes as one word: `:` is none. */
export function rememberedEvents(machine: Machine, context: string): readonly string[] {
  // What follows -c is typed by hand, and is a file name here.
  if (!contextNamePattern.test(context)) return [];
  try {
    // Checked by hand: TAB has no time to load more.
    const memory: unknown = JSON.parse(readFileSync(fileOf(machine, context), 'utf8'));
    const { atMs, events } = memory as { atMs: unknown; events: unknown };
    if (typeof atMs !== 'number' || !Array.isArray(events)) return [];
    const ageMs = machine.clock.now() - atMs;
    if (ageMs < 0 || ageMs > memoryMs) return [];
    return events.filter((event): event is string => typeof event === 'string' && /^[\w.-]+$/.test(event));
  } catch {
    return [];
  }
}
