/** The scenarios of k6/ and their figures, read from the same file that k6 reads. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { k6Folder } from '../../../contract/k6-folder.ts';
import { usageError } from '../../errors.ts';
import { nearestOf } from '../../nearest.ts';

/** What arrives: see the head of k6/lib/profiles.js. */
const loadKinds = ['couples', 'joins', 'requests', 'attacks'] as const;

const loadSchema = z.object({
  what: z.enum(loadKinds),
  /** Arrivals a second at the start. */
  from: z.number(),
  stages: z.array(z.object({ sec: z.number(), perSec: z.number() })).min(1),
  /** Requests of one arrival, roughly. */
  requestsEach: z.number(),
  /** How long one arrival may take, s. */
  inFlightSec: z.number(),
});
export type Load = z.infer<typeof loadSchema>;

const profileSchema = z.object({ about: z.string(), loads: z.array(loadSchema).min(1) });

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly loads: readonly Load[];
  /** Path of the script that k6 runs. */
  readonly script: string;
}

/** What the scenarios reckon with: rates and times are multiplied by these. */
export interface Scale {
  readonly scale: number;
  readonly timeScale: number;
}

/** Scenarios, and the arithmetic of their loads. */
export interface ScenarioBook {
  readonly scenarios: readonly Scenario[];
  scaled(load: Load, by: Scale): Load;
  /** Highest rate of arrivals. */
  peakPerSec(load: Load): number;
  /** Arrivals in all. */
  arrivals(load: Load): number;
  /** Virtual users at most. */
  virtualUsers(load: Load): number;
}

/** Loads them. */
export async function readScenarios(): Promise<ScenarioBook> {
  const folder = k6Folder();
  const module: unknown = await import(pathToFileURL(join(folder, 'lib', 'profiles.js')).href);
  const { profiles, ...arithmetic } = module as { profiles: unknown } & Omit<ScenarioBook, 'scenarios'>;
  const parsed = z.record(z.string(), profileSchema).parse(profiles);
  const order = ['smoke', 'join', 'journey', '5k', '30k', 'spike', 'soak', 'abuse'];
  const names = Object.keys(parsed).toSorted((one, other) => order.indexOf(one) - order.indexOf(other));
  const scenarios = names.flatMap((name) => {
    const profile = parsed[name];
    return profile === undefined ? [] : [{ name, ...profile, script: join(folder, `${name}.js`) }];
  });
  return { ...arithmetic, scenarios };
}

/** Finds a scenario. @throws CliError (2) with the one that was probably meant */
export function findScenario({ scenarios }: ScenarioBook, name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = scenarios.map((scenario) => scenario.name);
  const meant = nearestOf(name, names);
  const why = `there are ${names.join(', ')}`;
  const hint = `tacos loadtest ${meant ?? 'list'}`;
  throw usageError(`there is no load test "${name}"`, { why, hint });
}
