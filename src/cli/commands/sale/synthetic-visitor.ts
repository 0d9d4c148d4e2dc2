/** A visitor who is none: joins a test event through the gateway, polls, enters, and the event is deleted again. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Action } from '../../../contract/actions.ts';
import type { Finding } from '../../../contract/doctor.ts';
import { refillPerSecMin } from '../../../contract/limits.ts';
import type { Cli, Connection } from '../../cli.ts';
import { CliError } from '../../errors.ts';
import { contextFlagOf } from '../../mutation.ts';
import { pause } from '../../runtime.ts';

const check = 'synthetic-visitor';
/** Gateways find a new event within seconds. */
const findMs = 10_000;
const againMs = 250;
/** Longest wait for one answer, ms. */
const answerMs = 5_000;
const reason = 'synthetic visitor of tacos sale check';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Passes when every step is answered as a visitor needs it. `jwt`: to enter with. */
export async function syntheticVisitor(
  cli: Cli,
  { api, context }: Connection,
  jwt: string | undefined,
): Promise<Finding> {
  const fail = (text: string, more: Pick<Finding, 'next' | 'who'> = {}): Finding => ({
    check,
    result: 'fail',
    event: null,
    text,
    ...more,
  });
  if (context.gateway === undefined)
    return fail('the context does not say where the gateways are', {
      next: `tacos context set ${context.name} --gateway https://GATEWAY`,
    });
  if (context.readOnly)
    return fail('this context is read-only: no test event is made', { who: 'somebody whose context is not' });
  const event = `check-${randomBytes(4).toString('hex')}`;
  const act = (action: Action) =>
    api.act({ events: [event], action, reason, confirm: event }, { idempotencyKey: randomUUID() });
  try {
    // A full bucket lets one in at once, whatever the refill: the budget is left to the sale.
    await act({ type: 'event.create', test: true, refillPerSec: refillPerSecMin });
    try {
      const text = await visit(cli, { gateway: context.gateway, event, jwt });
      return { check, result: 'pass', event: null, text };
    } finally {
      await act({ type: 'event.delete' }).catch((error: unknown) => {
        if (!(error instanceof CliError)) throw error;
        const next = `tacos event delete ${event}${contextFlagOf(cli)}`;
        throw new Unserved(`the test event could not be deleted: ${error.message}`, next);
      });
    }
  } catch (error) {
    if (error instanceof Unserved) return fail(error.message, { next: error.next });
    if (!(error instanceof CliError)) throw error;
    return fail(`a test event could not be made: ${error.message}`, { who: 'an operator: sign in as one' });
  }
}

/** A step that was not answered as it must be. */
class Unserved extends Error {
  /** The command that mends it, or says more. */
  readonly next: string;

  constructor(message: string, next = 'tacos doctor') {
    super(message);
    this.next = next;
  }
}

async function visit(
  { runtime }: Cli,
  {
    gateway,
    event,
    jwt,
  }: { readonly gateway: string; readonly event: string; readonly jwt: string | undefined },
): Promise<string> {
  const startedMs = runtime.clock.monotonic();
  const left = (): boolean => runtime.clock.monotonic() - startedMs < findMs && !runtime.stop.signal.aborted;
  const ask = (method: string, path: string, body?: object): Promise<Answer> =>
    call(`${gateway}/api/v1/queue/${path}`, { method, ...(body === undefined ? {} : { body }), jwt });
  let joined = await ask('POST', 'join', { event_id: event });
  while (joined.status === 404 && left()) {
    await pause(againMs, runtime.stop.signal);
    joined = await ask('POST', 'join', { event_id: event });
  }
  expectStatus('join', joined, 202);
  const token = String(joined.body.waiting_token ?? '');
  const query = `token=${encodeURIComponent(token)}`;
  let seen = await ask('GET', `status?${query}`);
  while (seen.status === 200 && seen.body.ready_for_entry !== true && left()) {
    await pause(againMs, runtime.stop.signal);
    seen = await ask('GET', `status?${query}`);
  }
  expectStatus('status', seen, 200);
  if (seen.body.ready_for_entry !== true)
    throw new Unserved('the first in an empty line is not let in within 10 s');
  const entered = await ask('POST', 'enter', { waiting_token: token });
  if (entered.status === 401 && jwt === undefined)
    return 'joined, polled and was ready; to enter it needs a sign-in: --visitor-token-file F';
  expectStatus('enter', entered, 200);
  return 'joined, polled, was ready and entered';
}

function expectStatus(step: string, { status, body }: Answer, wanted: number): void {
  if (status === wanted) return;
  const { code = '' } = (body.error ?? {}) as { code?: string };
  throw new Unserved(`${step} was answered with ${status === 0 ? 'nothing' : `${status} ${code}`.trimEnd()}`);
}

/** Status 0 = no answer. */
async function call(
  url: string,
  {
    method,
    body,
    jwt,
  }: { readonly method: string; readonly body?: object; readonly jwt: string | undefined },
): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(jwt === undefined ? {} : { authorization: `Bearer ${jwt}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerMs),
    });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  } catch {
    return { status: 0, body: {} };
  }
}
