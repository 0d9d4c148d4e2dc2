/** The admin API over HTTP. Alone knows paths, retries and which schema an answer has. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { type ActRequest, changeReplySchema, planSchema } from '../contract/actions.ts';
import {
  bucketItemReplySchema,
  budgetReplySchema,
  eventItemReplySchema,
  eventListSchema,
  settingsReplySchema,
  versionListSchema,
  versionReplySchema,
  whoamiReplySchema,
} from '../contract/admin-api.ts';
import { auditListSchema, auditReplySchema } from '../contract/audit.ts';
import { findingListSchema } from '../contract/doctor.ts';
import { hpaReplySchema } from '../contract/hpa.ts';
import {
  loadManifestListSchema,
  loadRunListSchema,
  loadRunReplySchema,
  loadSummaryListSchema,
} from '../contract/loadtest.ts';
import { saleReplySchema, saleReportReplySchema } from '../contract/sale.ts';
import { overviewSchema, queueSnapshotSchema } from '../contract/snapshot.ts';
import { positionListSchema, visitorReplySchema } from '../contract/visitors.ts';
import type { AdminApi, ChangeHeaders } from './admin-api.ts';
import { badAnswer, errorOfReply, type FailedCall, lostReply, unreachable } from './api-errors.ts';
import { openStream } from './api-stream.ts';
import { AnswerNotes, type ApiTarget, causeOf, headersOf, notSent } from './api-transport.ts';
import { CliError } from './errors.ts';
import { parseClean } from './output/clean.ts';
import { readOverviewStream, readStream } from './watch/stream.ts';

interface Call extends FailedCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Times that it may be sent. */
  readonly attempts: number;
}

type Answer = <T extends z.ZodType>(call: Call, schema: T) => Promise<z.output<T>>;

/** Pauses between attempts, ms. */
const retryMs = [200, 600];

/** Opens a client; nothing is sent until the first call. */
export function createApiClient(target: ApiTarget): AdminApi {
  const notes = new AnswerNotes();
  const answer: Answer = async (call, schema) => {
    const body = await attemptAll(target, call, () => send(target, notes, call));
    const parsed = schema.safeParse(jsonOf(body));
    if (!parsed.success) throw badAnswer(`answer to ${call.method} ${call.path}`, call);
    return parsed.data;
  };
  return {
    ...readsOf(answer),
    plan: (request) =>
      answer(
        {
          method: 'POST',
          path: '/admin/v1/plans',
          body: request,
          attempts: 1,
          isMutation: false,
          ...oneEvent(request.events),
        },
        planSchema,
      ),
    act: (request, headers) => answer(actCall(request, headers), changeReplySchema),
    stream: (event, options) =>
      readStream(openStream(target, notes, { path: `${pathOf(event)}/stream`, event, options })),
    overviewStream: (options) =>
      readOverviewStream(openStream(target, notes, { path: '/admin/v1/stream', options })),
    get environment() {
      return notes.environment;
    },
    get clockSkewSec() {
      return notes.clockSkewSec;
    },
  };
}

type Reads = Omit<AdminApi, 'plan' | 'act' | 'stream' | 'overviewStream' | 'environment' | 'clockSkewSec'>;

function readsOf(answer: Answer): Reads {
  const get = <T extends z.ZodType>(path: string, schema: T, event?: string): Promise<z.output<T>> =>
    answer(
      { method: 'GET', path, attempts: 1, isMutation: false, ...(event === undefined ? {} : { event }) },
      schema,
    );
  return {
    version: () => get('/version', versionReplySchema),
    whoami: () => get('/admin/v1/whoami', whoamiReplySchema),
    listEvents: () => get('/admin/v1/events', eventListSchema),
    event: (event) => get(pathOf(event), eventItemReplySchema, event),
    snapshot: (event) => get(`${pathOf(event)}/snapshot`, queueSnapshotSchema, event),
    overview: () => get('/admin/v1/overview', overviewSchema),
    bucket: (event) => get(`${pathOf(event)}/bucket`, bucketItemReplySchema, event),
    history: (event) => get(`${pathOf(event)}/bucket/history`, versionListSchema, event),
    sale: (event) => get(`${pathOf(event)}/sale`, saleReplySchema, event),
    saleReport: (event) => get(`${pathOf(event)}/sale/report`, saleReportReplySchema, event),
    saleCheck: (event, ask) => {
      const path = `${pathOf(event)}/sale/check`;
      return answer(
        { method: 'POST', path, body: ask, attempts: 1, isMutation: false, event },
        findingListSchema,
      );
    },
    settings: (event) => get(`${pathOf(event)}/settings`, settingsReplySchema, event),
    positions: (event, query) =>
      get(withQuery(`${pathOf(event)}/positions`, { ...query }), positionListSchema, event),
    visitor: (event, ref) =>
      get(`${pathOf(event)}/visitors/${encodeURIComponent(ref)}`, visitorReplySchema, event),
    budget: () => get('/admin/v1/budget', budgetReplySchema),
    hpa: (query) => get(withQuery('/admin/v1/hpa', { ...query }), hpaReplySchema),
    loadRuns: () => get('/admin/v1/loadtests', loadRunListSchema),
    loadRun: (name) => get(`/admin/v1/loadtests/${encodeURIComponent(name)}`, loadRunReplySchema),
    loadSummaries: (name) =>
      get(`/admin/v1/loadtests/${encodeURIComponent(name)}/summaries`, loadSummaryListSchema),
    loadManifests: (request) => {
      const path = '/admin/v1/loadtests/manifests';
      return answer(
        { method: 'POST', path, body: request, attempts: 1, isMutation: false },
        loadManifestListSchema,
      );
    },
    audit: (query) => get(withQuery('/admin/v1/audit', { ...query }), auditListSchema, query.event),
    auditEntry: (id) => get(`/admin/v1/audit/${encodeURIComponent(id)}`, auditReplySchema),
    doctor: (event) => get(withQuery('/admin/v1/doctor', { event }), findingListSchema, event),
  };
}

/** An action may be sent again: the key makes it one change however often it arrives. */
function actCall(request: ActRequest, { ifRevision, idempotencyKey }: ChangeHeaders): Call {
  const { event } = oneEvent(request.events);
  return {
    method: 'POST',
    path: '/admin/v1/actions',
    headers: {
      'idempotency-key': idempotencyKey,
      ...(ifRevision === undefined ? {} : { 'if-match': `"${ifRevision}"` }),
    },
    body: request,
    attempts: 1 + retryMs.length,
    isMutation: true,
    ...(event === undefined ? {} : { event }),
    check: event === undefined ? 'tacos audit list' : `tacos audit list --event ${event}`,
  };
}

async function send(
  target: ApiTarget,
  notes: AnswerNotes,
  call: Call,
): Promise<{ status: number; body: string }> {
  const { request } = await import('undici');
  const startedAt = performance.now();
  const isJson = call.body !== undefined;
  const reply = await request(`${target.server}${call.path}`, {
    ...(target.dispatcher === undefined ? {} : { dispatcher: target.dispatcher }),
    method: call.method,
    headers: {
      ...headersOf(target),
      ...call.headers,
      ...(isJson ? { 'content-type': 'application/json' } : {}),
    },
    ...(isJson ? { body: JSON.stringify(call.body) } : {}),
    headersTimeout: target.timeoutMs,
    bodyTimeout: target.timeoutMs,
    signal: AbortSignal.timeout(target.timeoutMs),
  });
  notes.note(reply);
  const body = await reply.body.text();
  const tookMs = Math.round(performance.now() - startedAt);
  target.trace?.(`${call.method} ${call.path} -> ${reply.statusCode} in ${tookMs} ms`);
  return { status: reply.statusCode, body };
}

async function attemptAll(
  target: ApiTarget,
  call: Call,
  sendOnce: () => Promise<{ status: number; body: string }>,
): Promise<string> {
  let wasSent = false;
  for (let attempt = 1; ; attempt += 1) {
    let failure: CliError;
    try {
      const { status, body } = await sendOnce();
      if (status < 300) return body;
      failure = errorOfReply(status, body, call);
      wasSent = failure.details.applied === 'unknown';
      if (!wasSent) throw failure;
    } catch (error) {
      if (error instanceof CliError && error.details.applied !== 'unknown') throw error;
      const { code, text } = causeOf(error, target.timeoutMs);
      target.trace?.(`${call.method} ${call.path} -> ${code}`);
      wasSent ||= !notSent.has(code);
      failure = wasSent ? lostReply(call, text) : unreachable(target.server, text, target.unreachableHint);
    }
    const waitMs = attempt < call.attempts ? retryMs[attempt - 1] : undefined;
    if (waitMs === undefined) throw failure;
    await sleep(waitMs);
  }
}

const pathOf = (event: string): string => `/admin/v1/events/${encodeURIComponent(event)}`;

function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

const oneEvent = (events: ActRequest['events']): { event?: string } =>
  Array.isArray(events) && events.length === 1 && events[0] !== undefined ? { event: events[0] } : {};

function jsonOf(body: string): unknown {
  try {
    return parseClean(body);
  } catch {
    return undefined;
  }
}
