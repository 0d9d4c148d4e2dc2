/** What starting and ending a load test come to, before it is done. Pure. */
import type { ParsedAction } from '../../../contract/actions.ts';
import { hasEnded, type LoadRun } from '../../../contract/loadtest.ts';
import { type Draft, draftOf, type Guard, type Seen } from '../actions/draft.ts';

export type LoadStartAction = Extract<ParsedAction, { type: 'loadtest.start' }>;

/** How it is done. */
export type LoadOperation =
  | { readonly kind: 'loadtestStart'; readonly spec: LoadStartAction }
  | { readonly kind: 'loadtestStop'; readonly name: string };

/** What a start meets. */
export interface LoadSurroundings {
  readonly runs: readonly LoadRun[];
  /** Here only test events take load. */
  readonly isProtected: boolean;
}

/** Visitors of a test event feel it, so it is as felt as a change of the rate. */
export function startDraft(seen: Seen, action: LoadStartAction, around: LoadSurroundings): Draft {
  const { name, scenario, runners, scale, timeScale } = action;
  const by = scale === 1 && timeScale === 1 ? '' : ` (rates x${scale}, times x${timeScale})`;
  return draftOf(seen, {
    level: 'S2',
    rows: [
      { name: 'loadtest', unit: 'text', before: null, after: `${scenario}${by} as ${name}` },
      { name: 'runners', unit: 'pods', before: 0, after: runners },
    ],
    refusals: eventGuard(seen, around),
    warnings: warningsOf(seen, around),
    summary: `load test ${name} started: ${scenario}${by} by ${runners} ${runners === 1 ? 'runner' : 'runners'}`,
    operation: { kind: 'loadtestStart', spec: action },
  });
}

/** `run`: the one that is meant. */
export function stopDraft(run: LoadRun): Draft {
  const { name, stage, scenario, runners } = run;
  const isOver = hasEnded(stage);
  return {
    event: null,
    subject: `loadtest/${name}`,
    revision: 0,
    moves: false,
    rows: [
      { name: 'loadtest', unit: 'text', before: `${scenario} as ${name}`, after: null },
      { name: 'runners', unit: 'pods', before: isOver ? 0 : runners, after: 0 },
    ],
    warnings: [],
    refusals: [],
    people: 0,
    unchanged: false,
    level: 'S1',
    undoSec: 0,
    irreversible: [],
    summary: `load test ${name} ${isOver ? `removed, it had ended (${stage})` : 'stopped and removed'}`,
    operation: { kind: 'loadtestStop', name },
  };
}

const isTest = ({ settings }: Seen): boolean => settings.kind === 'test';

function eventGuard(seen: Seen, { isProtected }: LoadSurroundings): Guard[] {
  if (!isProtected || isTest(seen)) return [];
  const text = `${seen.id} is no test event, and here only those take load (tacos event create EVT --test)`;
  return [{ code: 'NOT_A_TEST_EVENT', text, canOverride: false }];
}

function warningsOf(seen: Seen, { runs }: LoadSurroundings): string[] {
  const others = runs.filter(({ stage }) => !hasEnded(stage));
  return [
    ...(seen.settings.kind === 'operator'
      ? [`${seen.id} is no test event: its visitors stand in line with the load's`]
      : []),
    ...others.map(({ name, actor }) => `${name} of ${actor} is running: neither measures what it is for`),
  ];
}
