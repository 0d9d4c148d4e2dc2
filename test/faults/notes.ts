/** What a scenario says of itself beside the checker's rules; it stands in the history too. */
import type { World } from './world.ts';

/** A figure of this scenario's own. */
export function note({ history }: World, name: string, figure: number | string): void {
  history.add({ kind: 'note', name, figure: String(figure) });
}

/** A promise of this scenario's own, a sentence, and whether it was kept: one that was not fails the run. */
export function promise({ history }: World, sentence: string, isKept: boolean): void {
  history.add({ kind: 'promise', sentence, isKept });
}
