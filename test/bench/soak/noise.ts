/** What comes beside the crowd all the time: requests that are refused, strangers, and people of events that are gone. */
import { Agent, request } from 'undici';
import { jwtOf } from '../lib/jwt-maker.ts';
import { jwtSecret, type World } from './world.ts';

/** Between two rounds, each of which sends every kind once. */
const roundMs = 100;
/** Tokens of old events that are asked for again. */
const rememberedMax = 500;
/** Rounds between two strangers: who joins and is never heard again takes a place in the window for a while. */
const strangerEvery = 5;
/** A client that asks much more often than it may, every so many rounds, and with so many requests. */
const greedyEvery = 50;
const greedyRequests = 300;

interface Sent {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const join = '/api/v1/queue/join';
const json = { 'content-type': 'application/json' };

export class Noise {
  private readonly world: World;
  private readonly agent = new Agent({ connections: 16, pipelining: 1 });
  private readonly timer: NodeJS.Timeout;
  private readonly remembered: string[] = [];
  private round = 0;
  private stopped = false;
  /** The event that is on; strangers join it. */
  event: string | undefined;
  /** Answers by status: a soak whose refusals are none would be no proof. */
  readonly answers = new Map<number, number>();

  constructor(world: World) {
    this.world = world;
    this.timer = setInterval(() => this.send(), roundMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopped = true;
    await this.agent.destroy();
  }

  /** These people go on asking for a place that is gone. */
  remember(tokens: readonly string[]): void {
    this.remembered.push(...tokens);
    this.remembered.splice(0, Math.max(0, this.remembered.length - rememberedMax));
  }

  private send(): void {
    this.round += 1;
    const one = this.round;
    const old = this.remembered[one % this.remembered.length] ?? 'none';
    const forged = `${old.slice(0, -2)}xx`;
    const status = '/api/v1/queue/status?token=';
    for (const sent of this.strangers(one)) this.ask(sent, one);
    this.ask({ method: 'GET', path: status + old }, one);
    this.ask({ method: 'GET', path: status + forged }, one);
    this.ask({ method: 'GET', path: `/api/v1/queue/stream?token=${old}` }, one);
    this.ask({ method: 'DELETE', path: `/api/v1/queue/leave?token=${old}` }, one);
    this.ask({ method: 'GET', path: `/no/such/path/${one}` }, one);
    this.ask({ method: 'POST', path: join, headers: json, body: '{"event_id":' }, one);
    this.ask({ method: 'POST', path: join, headers: json, body: `{"event_id":"evt_unknown_${one}"}` }, one);
    this.ask({ method: 'POST', path: join, headers: json, body: JSON.stringify('x'.repeat(20_000)) }, one);
    const enter = {
      method: 'POST',
      path: '/api/v1/queue/enter',
      body: `{"waiting_token":"${old}"}`,
    } as const;
    this.ask({ ...enter, headers: { ...json, authorization: 'Bearer not.a.token' } }, one);
    if (one % greedyEvery === 0) {
      for (let times = 0; times < greedyRequests; times += 1)
        this.ask({ method: 'GET', path: status + old }, one);
    }
  }

  /** Ever-new people, by key and by JWT, who come once. */
  private strangers(one: number): Sent[] {
    if (this.event === undefined || one % strangerEvery > 0) return [];
    const body = JSON.stringify({ event_id: this.event });
    const jwt = jwtOf('HS256', jwtSecret, `stranger-${one}`);
    const key = `stranger-of-the-soak-${one}`;
    return [
      { method: 'POST', path: join, headers: { ...json, authorization: `Bearer ${jwt}` }, body },
      { method: 'POST', path: join, headers: { ...json, 'idempotency-key': key }, body },
    ];
  }

  /** From an address that nobody had before: the whole round is one client behind the proxy. */
  private ask({ method, path, headers = {}, body }: Sent, one: number): void {
    const { urls } = this.world.office;
    const address = `11.${(one >> 16) & 255}.${(one >> 8) & 255}.${one & 255}`;
    const url = `${urls[one % urls.length]}${path}`;
    const options = { method, dispatcher: this.agent, headers: { ...headers, 'x-forwarded-for': address } };
    request(url, body === undefined ? options : { ...options, body })
      .then(async (answer) => {
        await answer.body.dump();
        this.answers.set(answer.statusCode, (this.answers.get(answer.statusCode) ?? 0) + 1);
      })
      .catch(() => {
        // Those under way at the end are cut by this side.
        if (!this.stopped) this.answers.set(0, (this.answers.get(0) ?? 0) + 1);
      });
  }
}
