/** The small language of --assert: `tailWaitSec<600 && emptyInSec<3600 || admitted>=500`. Nothing in it is run as code. */
import { usageError } from './errors.ts';

/** Values by field; null = none, which compares like a number without end. */
export type Values = Readonly<Record<string, number | null>>;

const operators: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
};

/** One comparison of an expression. */
export interface Comparison {
  readonly text: string;
  readonly field: string;
  readonly holds: (values: Values) => boolean;
}

/** Comparisons that must all hold, and others of which one such group is enough. */
export type Expression = readonly (readonly Comparison[])[];

/** Parses an expression; && binds tighter than ||. @throws CliError (usage) naming the flag and the known fields */
export function parseExpression(
  text: string,
  { flag, fields }: { flag: string; fields: readonly string[] },
): Expression {
  const compare = (part: string): Comparison => {
    const [, field = '', operator = '', value = ''] =
      /^\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*([+-]?\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    const test = operators[operator];
    if (test === undefined) {
      throw usageError(
        `${flag} cannot read "${part.trim()}": write it as ${fields[0]}<600, joined by && or ||`,
      );
    }
    if (!fields.includes(field)) {
      throw usageError(`${flag} does not know the field "${field}": it knows ${fields.join(', ')}`);
    }
    const right = Number(value);
    const holds = (values: Values): boolean => test(values[field] ?? Number.POSITIVE_INFINITY, right);
    return { text: part.trim(), field, holds };
  };
  return text.split('||').map((group) => group.split('&&').map(compare));
}

/** The comparisons that keep an expression from being true; none = it is true. */
export function failing(expression: Expression, values: Values): Comparison[] {
  const groups = expression.map((group) => group.filter(({ holds }) => !holds(values)));
  return groups.some((left) => left.length === 0) ? [] : groups.flat();
}
