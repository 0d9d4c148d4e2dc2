/** One page of a list, as the List methods give it. */
import type { PageInfo } from '../../../generated/proto/common/v1/PageInfo.ts';
import type { Pagination__Output } from '../../../generated/proto/common/v1/Pagination.ts';
import { invalid } from './problem.ts';

const pageSizeDefault = 20;
const pageSizeMax = 100;

/**
 * Items of a page: `page` counts from 1; a cursor is the index of the first item and beats the page. @throws Problem
 * for a cursor that is none of ours
 */
export function pageOf<T>(
  items: readonly T[],
  asked: Pagination__Output | null,
): { readonly items: readonly T[]; readonly pageInfo: PageInfo } {
  const size = Math.min(Math.max(asked?.pageSize || pageSizeDefault, 1), pageSizeMax);
  const cursor = asked?.cursor ?? '';
  if (!/^\d{0,9}$/.test(cursor)) throw invalid('pagination.cursor', 'not a cursor of ours');
  const first = cursor === '' ? (Math.max(asked?.page ?? 1, 1) - 1) * size : Number(cursor);
  const next = first + size;
  return {
    items: items.slice(first, next),
    pageInfo: {
      totalCount: items.length,
      hasNextPage: next < items.length,
      hasPreviousPage: first > 0,
      nextCursor: next < items.length ? String(next) : '',
      previousCursor: first > 0 ? String(Math.max(0, first - size)) : '',
    },
  };
}
