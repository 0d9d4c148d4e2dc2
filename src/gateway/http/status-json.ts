import type { StatusReply } from '../../contract/visitor-api.ts';

/**
 * The JSON text of a status answer, field by field: a third of the time of JSON.stringify, on the answer that is sent
 * most. Only the operator's and the line's texts can need escapes.
 */
export function statusJson(reply: StatusReply): string {
  let json =
    `{"status":"${reply.status}","position":${reply.position},"eta_sec":${reply.eta_sec}` +
    `,"eta_low_sec":${reply.eta_low_sec},"eta_high_sec":${reply.eta_high_sec},"confidence":${reply.confidence}` +
    `,"waiting_time":${reply.waiting_time},"ready_for_entry":${reply.ready_for_entry}` +
    `,"poll_after_sec":${reply.poll_after_sec},"phase":"${reply.phase}","paused":${reply.paused}`;
  if (reply.opens_at !== undefined) json += `,"opens_at":${JSON.stringify(reply.opens_at)}`;
  if (reply.restorable_until !== undefined) json += `,"restorable_until":"${reply.restorable_until}"`;
  if (reply.message !== undefined) json += `,"message":${JSON.stringify(reply.message)}`;
  if (reply.notices !== undefined) json += `,"notices":${JSON.stringify(reply.notices)}`;
  json += `,"as_of":"${reply.as_of}"`;
  if (reply.stale !== undefined) json += `,"stale":${reply.stale}`;
  return `${json}}`;
}
