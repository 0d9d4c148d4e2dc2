/** What is wrong with a sale's file, in the words of whoever wrote it: the step as counted there, the value, an example. */
import type { z } from 'zod';
import { saleFileSchema, saleStepSchema } from '../../../contract/sale.ts';
import { nearestOf } from '../../nearest.ts';

/** Values as they are written, for fields that must be there. */
const examples: Readonly<Record<string, string>> = {
  apiVersion: 'tacos/v1',
  kind: 'Sale',
  event: 'evt_fest',
  opensAt: '"2027-05-01T20:00:00+09:00"',
  lasts: '3h',
  visitors: '300000',
  steps: '[]',
  at: '5m',
  min: '20',
};

/** `step 3: refill 0 is too small: at least 0.01`; `data` is what the file says. */
export function issueText(issue: z.core.$ZodIssue, data: unknown): string {
  const path = issue.path.map(String);
  const isStep = path[0] === 'steps' && path.length > 1;
  const step = isStep ? `step ${Number(path[1]) + 1}: ` : '';
  const name = (isStep ? path.slice(2) : path).join('.');
  return step + wrong(issue, { name, isStep, value: valueAt(data, path) });
}

interface Place {
  /** '' = the step, or the file, as a whole. */
  readonly name: string;
  readonly isStep: boolean;
  readonly value: unknown;
}

function wrong(issue: z.core.$ZodIssue, { name, isStep, value }: Place): string {
  const whole = isStep ? 'the step' : 'the file';
  const field = name === '' ? whole : name;
  const example = examples[name.split('.').at(-1) ?? ''];
  const such = example === undefined ? '' : `, such as ${name.split('.').at(-1)}: ${example}`;
  if (issue.code === 'unrecognized_keys') return unknownField(issue.keys, { name, isStep });
  if (value === undefined) return `${field} is missing${such}`;
  const said = typeof value === 'object' ? field : `${field} ${JSON.stringify(value)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `${said} is no ${issue.expected === 'object' ? 'mapping of fields' : issue.expected}${such}`;
    case 'invalid_value':
      return `${said} must be ${issue.values.join(' or ')}`;
    case 'too_small':
      return `${said} is too small: at least ${issue.minimum}`;
    case 'too_big':
      return `${said} is too large: at most ${issue.maximum}`;
    case 'invalid_format':
    case 'invalid_union':
      return `${said} is not ${issue.message}`;
    default:
      return `${said}: ${issue.message}`;
  }
}

function unknownField(keys: readonly string[], { name, isStep }: Pick<Place, 'name' | 'isStep'>): string {
  const [key = ''] = keys;
  const known = name === '' ? Object.keys((isStep ? saleStepSchema : saleFileSchema).shape) : ['min', 'hold'];
  const meant = nearestOf(key, known);
  const where = name === '' ? '' : ` in ${name}`;
  return `there is no field "${key}"${where}: ${meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`}`;
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}
