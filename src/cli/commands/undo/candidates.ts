/** Which change an undo takes back, what it is, and what was made together with it. Pure. */
import type { AuditEntry } from '../../../contract/audit.ts';
import { clean } from '../../output/clean.ts';
import { briefly, labelOf, valueText } from '../../plan-text.ts';

/** Changes of several events that one command made lie this close together, ms. */
const togetherMs = 2_000;
/** Rows that are told of a change. */
const rowsMax = 3;

/** Part of the audit trail, newest first. */
export interface Trail {
  readonly items: readonly AuditEntry[];
  readonly asOf: string;
}

/** Why a change cannot be undone; undefined = it can. */
export function obstacleOf(entry: AuditEntry, { items, asOf }: Trail): string | undefined {
  const { auditId, event, action, revision, undoneBy, undoUntil } = entry;
  if (action === 'undo') return 'is an undo itself';
  if (undoneBy !== undefined) return `was undone by ${undoneBy}`;
  // Ended places are given back whatever was changed since.
  const later = items
    .slice(
      0,
      items.findIndex((each) => each.auditId === auditId),
    )
    .find((each) => each.event === event && each.revision > revision);
  if (later !== undefined && revision > 0 && action !== 'queue.expire') {
    return `version ${later.revision} came after it`;
  }
  if (undoUntil !== undefined && undoUntil > asOf) return undefined;
  return 'cannot be undone, or not any more: settings can be for 15 minutes, ended places for 10';
}

/** `undo aud_x: refill 10.0/s -> 50.0/s of evt_demo, 40s ago by root`. */
export function whatOf(entry: AuditEntry, asOf: string): string {
  const { auditId, at, event, actor, summary, rows } = entry;
  const changed = rows.filter(({ before, after }) => before !== after && typeof after !== 'boolean');
  const texts = changed
    .slice(0, rowsMax)
    .map(
      ({ name, unit, before, after }) =>
        `${labelOf(name)} ${valueText(before, unit)} -> ${valueText(after, unit)}`,
    );
  const what = texts.length === 0 ? summary : texts.join(', ');
  const agoSec = Math.max(0, (Date.parse(asOf) - Date.parse(at)) / 1_000);
  const where = event === null ? '' : ` of ${event}`;
  return clean(`undo ${auditId}: ${what}${where}, ${briefly(agoSec)} ago by ${actor}`);
}

/** `1 of 2: also tacos undo aud_y`, for what the same command changed elsewhere; undefined = nothing. */
export function siblingsOf(entry: AuditEntry, trail: Trail, contextFlag: string): string | undefined {
  const siblings = trail.items.filter(
    (each) =>
      each.auditId !== entry.auditId &&
      each.event !== entry.event &&
      each.action === entry.action &&
      each.actor === entry.actor &&
      each.reason === entry.reason &&
      Math.abs(Date.parse(each.at) - Date.parse(entry.at)) <= togetherMs &&
      obstacleOf(each, trail) === undefined,
  );
  if (siblings.length === 0) return undefined;
  const commands = siblings.map(({ auditId }) => `tacos undo ${auditId}${contextFlag}`).join(' && ');
  return clean(`1 of ${siblings.length + 1}: also ${commands}`);
}
