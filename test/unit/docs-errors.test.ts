/** Pages tell the errors that visitors can get, and what makes backends' errors into them, as the code has them. */
import { readFileSync } from 'node:fs';
import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../../src/contract/errors.ts';
import { verdictOfCode, verdictOfStatus } from '../../src/gateway/backends/refusals.ts';

const textOf = (page: string): string => readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
const text = textOf('visitor-api.md');
const table = text.slice(text.indexOf('\n## Errors'), text.indexOf('\n## gRPC'));

/** Codes that only the admin API answers with. */
const ofOperators = [
  'ACTION_RUNNING',
  'AUDIT_NOT_FOUND',
  'CLUSTER_FORBIDDEN',
  'CLUSTER_NOT_SET',
  'CLUSTER_REPLY_LOST',
  'CLUSTER_UNAVAILABLE',
  'LOADTEST_NOT_FOUND',
  'LOADTEST_NOT_SET',
  'LOADTEST_NO_OPERATOR',
  'CONSENT_REQUIRED',
  'EVENT_EXISTS',
  'GUARD_RAIL',
  'HPA_NOT_FOUND',
  'SALE_NOT_FOUND',
  'VERSION_CONFLICT',
  'VISITOR_NOT_FOUND',
];

/** Rows as `code status`, each code with the first status of its row that it has. */
const told = table.split('\n').flatMap((line) => {
  const [, statuses = '', codes = ''] = /^\| ([\d, ]+) \| ([A-Z_, ]+) \|/.exec(line) ?? [];
  return codes === ''
    ? []
    : codes.split(', ').map((code) => ({ code, statuses: statuses.split(', ').map(Number) }));
});

describe('docs/visitor-api.md', () => {
  it('has every code of the catalogue but those of operators, once', () => {
    const visitors = Object.keys(errorCatalogue).filter((code) => !ofOperators.includes(code));
    expect(told.map(({ code }) => code).sort()).toEqual(visitors.sort());
  });

  it('has each beside its status', () => {
    const statusOf: Readonly<Record<string, { readonly status: number }>> = errorCatalogue;
    const wrong = told.filter(({ code, statuses }) => !statuses.includes(statusOf[code]?.status ?? 0));
    expect(wrong).toEqual([]);
  });
});

describe('docs/operate/backends.md', () => {
  const rows = textOf('operate/backends.md')
    .split('\n')
    .flatMap((line) => {
      const [, codes = '', statuses = '', visitor = '', counts = ''] =
        /^\| ([A-Z_, ]+) \| ([A-Z_, –]+|the same) \| (\d{3} [^|]+) \| (yes|no) \|$/.exec(line) ?? [];
      if (codes === '') return [];
      const names = codes.split(', ');
      return [{ names, statuses: statuses === 'the same' ? names : statuses.split(', '), visitor, counts }];
    });

  it('has what the code makes of each error', () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const { names, statuses, visitor, counts } of rows) {
      const verdicts = [
        ...names.map((name) => verdictOfCode('payment', `ERROR_CODE_${name}`)),
        ...statuses
          .filter((name) => name !== '–')
          .map((name) => verdictOfStatus('payment', grpcStatus[name as keyof typeof grpcStatus])),
      ];
      for (const { refusal, isFailure } of verdicts) {
        const { code, retryAfterSec } = refusal;
        expect(visitor).toContain(String(errorCatalogue[code].status));
        expect(visitor).toContain(code);
        expect([visitor, visitor.match(/Retry-After (\d+)/)?.[1]]).toEqual([
          visitor,
          retryAfterSec?.toString(),
        ]);
        expect([visitor, counts]).toEqual([visitor, isFailure ? 'yes' : 'no']);
      }
    }
  });
});
