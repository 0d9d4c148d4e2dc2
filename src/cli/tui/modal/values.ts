/** Typed values: text to numbers, and the bounds that the contract sets, said in words. */
import { type Action, actionSchema } from '../../../contract/actions.ts';
import { parseDuration } from '../../duration.ts';
import { count, plain } from '../../output/format.ts';
import { briefly } from '../../plan-text.ts';

/** A number, '' = none. @throws Error naming the field */
export function numberOf(label: string, text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (!/^\d+(\.\d+)?$/.test(trimmed)) throw new Error(`${label}: "${trimmed}" is not a number`);
  return Number(trimmed);
}

/** A duration such as `90s`, in seconds, '' = none. @throws CliError naming the field */
export function secondsOf(label: string, text: string): number | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : parseDuration(label, trimmed) / 1000;
}

/** What a field of an action is called on the screen. */
interface Label {
  readonly name: string;
  readonly say: (value: number) => string;
}
const number = (value: number): string => (value < 1_000 ? plain(value) : count(value));
const labels: Readonly<Record<string, Label>> = {
  refillPerSec: { name: 'refill/s', say: number },
  capacity: { name: 'capacity', say: number },
  rampSec: { name: 'ramp', say: briefly },
  forSec: { name: 'for', say: briefly },
  deadlineSec: { name: 'deadline', say: briefly },
  silentForSec: { name: 'silent for', say: briefly },
};

/** The action, if the server would take its values; undefined stays so. @throws Error with a sentence that says what they may be */
export function withinBounds(action: Action | undefined): Action | undefined {
  if (action === undefined) return undefined;
  const issue = actionSchema.safeParse(action).error?.issues[0];
  if (issue === undefined) return action;
  const [field] = issue.path;
  if (field === 'visitors') {
    throw new Error(
      issue.code === 'too_big'
        ? `at most ${issue.maximum} visitors at once`
        : 'visitors: v_abcd2345, #412, user:ID or sub:ID',
    );
  }
  const { name, say } = labels[String(field)] ?? { name: String(field), say: number };
  if (issue.code === 'too_small') {
    const least = say(Number(issue.minimum));
    throw new Error(`${name} must be ${issue.inclusive === false ? 'more than' : 'at least'} ${least}`);
  }
  if (issue.code === 'too_big') throw new Error(`${name} must be at most ${say(Number(issue.maximum))}`);
  if (issue.code === 'invalid_type' && issue.expected === 'int') {
    throw new Error(`${name} must be a whole number`);
  }
  throw new Error(`${name} cannot be that`);
}
