/**
 * The small language of --assert and --until: `tailWaitSec<600 && emptyInSec<3600 || admitted>=500`. Nothing in it is
 * run as code.
 */
import { usageError } from './errors.ts';

/** Values by field; null = none, which compares like a number without end. */
export type Values = Readonly<Record<string, number | null>>;

type Scalar = number | string | boolean;

const operators: Readonly<Record<string, (left: Scalar, right: Scalar) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
};

/** A comparison as written: `field operator value`. */
export interface WrittenComparison {
  readonly text: string;
  readonly field: string;
  readonly operator: string;
  readonly value: string;
  /** undefined = it cannot be read as a comparison. */
  readonly compare: ((left: Scalar, right: Scalar) => boolean) | undefined;
}

/** Takes an expression apart: groups of which one is enough, each of comparisons that must all hold. */
export const takeApart = <T>(text: string, read: (written: WrittenComparison) => T): T[][] =>
  text.split('||').map((group) => group.split('&&').map((part) => read(written(part))));

function written(part: string): WrittenComparison {
  const [, field = '', operator = '', value = ''] =
    /^\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*([\w.+-]+)\s*$/.exec(part) ?? [];
  return { text: part.trim(), field, operator, value, compare: operators[operator] };
}

/** A value as a number; undefined for anything else. */
export const numberOf = (value: string): number | undefined =>
  /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;

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
  return takeApart(text, ({ text: part, field, value, compare }): Comparison => {
    const right = numberOf(value);
    if (compare === undefined || right === undefined) {
      throw usageError(`${flag} cannot read "${part}": write it as ${fields[0]}<600, joined by && or ||`);
    }
    if (!fields.includes(field)) {
      throw usageError(`${flag} does not know the field "${field}": it knows ${fields.join(', ')}`);
    }
    const holds = (values: Values): boolean => compare(values[field] ?? Number.POSITIVE_INFINITY, right);
    return { text: part, field, holds };
  });
}

/** The comparisons that keep an expression from being true; none = it is true. */
export function failing(expression: Expression, values: Values): Comparison[] {
  const groups = expression.map((group) => group.filter(({ holds }) => !holds(values)));
  return groups.some((left) => left.length === 0) ? [] : groups.flat();
}
