/** What a process says of its connections to Redis: in its log, and where it tells whether it is ready. */
import { redisCommandMs } from '../contract/limits.ts';
import { type RedisClient, refusalOf, whenReady } from './client.ts';

/** Takes what is worth a line in the log. */
interface Log {
  warn(detail: object, message: string): void;
}

/** The connections of one process with one user. A refusal is logged once, and again only after one of them served. */
export class Connections {
  private readonly clients: readonly RedisClient[];
  private readonly log: Log;
  private told: string | undefined;

  constructor(clients: readonly RedisClient[], log: Log) {
    this.clients = clients;
    this.log = log;
    for (const client of clients) {
      client.on('error', () => this.tellRefusal());
      client.on('ready', () => (this.told = undefined));
    }
  }

  /** Resolves once all of them serve, or after 1.5 s in vain; they go on trying. */
  async start(): Promise<void> {
    const answered = await Promise.all(this.clients.map((each) => whenReady(each, redisCommandMs)));
    if (answered.includes(false) && this.refusal === undefined)
      this.log.warn({}, 'Redis does not answer yet');
  }

  /** Which user Redis refuses, or why sentinels name no master, a sentence for the operator; undefined = neither. */
  get refusal(): string | undefined {
    for (const client of this.clients) {
      const refusal = refusalOf(client);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Why a command failed, for the log: what broke the connection, where that is known. */
  reasonOf(error: unknown): string {
    if (this.refusal !== undefined) return this.refusal;
    if (!(error instanceof Error)) return String(error);
    return error.name === 'MaxRetriesPerRequestError' ? 'the connection to Redis broke' : error.message;
  }

  private tellRefusal(): void {
    const { refusal } = this;
    if (refusal === undefined || refusal === this.told) return;
    this.told = refusal;
    this.log.warn({}, refusal);
  }
}
