/**
 * Who is master, as the sentinels say. Each of them is asked again and again over one connection: a message of a failover
 * can be lost on the way, a question cannot. The newest configuration (config-epoch) counts, so a sentinel that has not
 * heard of a failover yet leads nobody back to the server that was left.
 */
import { Redis } from 'ioredis';

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the sentinels are, whom they watch, and how to sign in at them. */
export interface SentinelSettings {
  readonly servers: readonly ServerAddress[];
  /** The name that they know the master by. */
  readonly master: string;
  readonly username?: string;
  readonly password?: string;
  /** Present = TLS; `ca` = PEM of who signed their certificates, else what the system trusts. */
  readonly tls?: { readonly ca?: string };
}

/** What the sentinels say of themselves. */
export interface SentinelFacts {
  /** Named in the settings, and how many of these answer. */
  readonly named: number;
  readonly answering: number;
  /** How many must agree that the master is gone; null = nobody says. */
  readonly quorum: number | null;
  /** How many watch it, as far as they know of each other; null = nobody says. */
  readonly known: number | null;
}

/** Of one sentinel. */
type Reply =
  | (ServerAddress & { is: 'master'; epoch: number; quorum: number; known: number })
  | { is: 'unknown' }
  | { is: 'failed'; refusal: string | undefined };

interface Sentinel {
  readonly client: Redis;
  /** Undefined = it has not been heard, in vain or not. */
  reply: Reply | undefined;
  /** Until the next question. */
  timer?: NodeJS.Timeout;
}

interface Master extends ServerAddress {
  readonly epoch: number;
  /** Whose word it is. */
  readonly by: Sentinel;
  heardMs: number;
}

/** Pause between questions to a sentinel, and the longest wait for its answer, ms. */
const askMs = 300;
const answerMs = 1_000;
/** For so long after it was last heard a master's address is good, ms. */
const goodMs = 2_500;
/**
 * For so long after it was last heard an older configuration does not count, ms. After it, it does: sentinels that were set
 * up anew count from 0.
 */
const newestMs = 60_000;

const textOf = ({ host, port }: ServerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

export class MasterWatch {
  private readonly settings: SentinelSettings;
  private readonly sentinels: readonly Sentinel[];
  private current: Master | undefined;
  private readonly followers = new Set<(master: ServerAddress) => void>();
  private news = Promise.withResolvers<void>();
  private isClosed = false;

  /** `retryMs`: wait before the next try to reach a sentinel. `tlsOf`: TLS options for a server, by its name. */
  constructor(
    settings: SentinelSettings,
    { name, retryMs, tlsOf }: { name: string; retryMs(attempt: number): number; tlsOf(host: string): object },
  ) {
    this.settings = settings;
    const { username, password, tls } = settings;
    this.sentinels = settings.servers.map((server) => {
      const client = new Redis({
        ...server,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(tls === undefined ? {} : { tls: { ...tlsOf(server.host), ...tls } }),
        connectionName: name,
        disableClientInfo: true,
        // Answers as lists, whatever the server speaks.
        protocol: 2,
        enableReadyCheck: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        retryStrategy: retryMs,
        connectTimeout: answerMs,
        commandTimeout: answerMs,
        socketTimeout: 2 * answerMs,
      });
      // Whoever asks hears of it.
      client.on('error', () => {});
      return { client, reply: undefined };
    });
    for (const sentinel of this.sentinels) this.askAgain(sentinel, 0);
  }

  /** The master; undefined = no sentinel has named one within the last moments. */
  master(): ServerAddress | undefined {
    const { current } = this;
    return current && performance.now() - current.heardMs <= goodMs ? current : undefined;
  }

  /** Why there is no master, a sentence for the operator; undefined = there is one, or not all of them were asked yet. */
  trouble(): string | undefined {
    if (this.master() || this.sentinels.some(({ reply }) => reply === undefined)) return undefined;
    const { servers, master, username = 'default' } = this.settings;
    const replies = this.sentinels.map(({ reply }) => reply);
    if (replies.some((reply) => reply?.is === 'unknown'))
      return `no Redis Sentinel that answers knows the master ${master} (REDIS_SENTINEL_MASTER)`;
    const refusal = replies.find((reply) => reply?.is === 'failed' && reply.refusal !== undefined);
    if (refusal?.is === 'failed')
      return `Redis Sentinel refuses the user ${username} (${refusal.refusal}, REDIS_SENTINEL_PASSWORD)`;
    return `no Redis Sentinel answers at ${servers.map(textOf).join(', ')} (REDIS_SENTINELS)`;
  }

  /** Resolves at the next answer of any sentinel, or failure to answer. */
  nextNews(): Promise<void> {
    return this.news.promise;
  }

  /** Calls `onMove` each time that another server is master, until the returned function is called. */
  follow(onMove: (master: ServerAddress) => void): () => void {
    this.followers.add(onMove);
    return () => this.followers.delete(onMove);
  }

  facts(): SentinelFacts {
    const masters = this.sentinels.flatMap(({ reply }) => (reply?.is === 'master' ? [reply] : []));
    return {
      named: this.sentinels.length,
      answering: masters.length,
      quorum: masters.length === 0 ? null : Math.max(...masters.map(({ quorum }) => quorum)),
      known: masters.length === 0 ? null : Math.max(...masters.map(({ known }) => known)),
    };
  }

  close(): void {
    this.isClosed = true;
    for (const { client, timer } of this.sentinels) {
      clearTimeout(timer);
      client.disconnect();
    }
    this.tell();
  }

  private askAgain(sentinel: Sentinel, afterMs: number): void {
    if (this.isClosed) return;
    const ask = async (): Promise<void> => {
      const reply = await this.ask(sentinel.client);
      if (this.isClosed) return;
      sentinel.reply = reply;
      if (reply.is === 'master') this.take(reply, sentinel);
      this.tell();
      this.askAgain(sentinel, askMs);
    };
    sentinel.timer = setTimeout(() => void ask(), afterMs);
  }

  /** Both in one write, so that no failover comes between them: only the second has the new address while it goes on. */
  private async ask(client: Redis): Promise<Reply> {
    const { master } = this.settings;
    try {
      const replies = await client
        .pipeline()
        .call('SENTINEL', 'MASTER', master)
        .call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master)
        .exec();
      const [about, where] = replies ?? [];
      const failure = about?.[0] ?? where?.[0];
      if (failure) return failedBy(failure);
      if (!Array.isArray(where?.[1])) return { is: 'unknown' };
      const [host, port] = where[1] as readonly string[];
      const fields = about?.[1] as readonly string[];
      const number = (name: string): number => Number(fields[fields.indexOf(name) + 1]);
      return {
        is: 'master',
        host: host ?? '',
        port: Number(port),
        epoch: number('config-epoch'),
        quorum: number('quorum'),
        known: number('num-other-sentinels') + 1,
      };
    } catch (error) {
      return failedBy(error);
    }
  }

  private take({ host, port, epoch }: ServerAddress & { epoch: number }, by: Sentinel): void {
    const nowMs = performance.now();
    const { current } = this;
    const isSame = current?.host === host && current.port === port;
    const silentMs = current ? nowMs - current.heardMs : Number.POSITIVE_INFINITY;
    if (current && epoch < current.epoch && silentMs <= newestMs) return;
    // Two sentinels may give one server two names: the first counts for as long as anybody says it.
    if (epoch === current?.epoch && !isSame && by !== current.by && silentMs <= goodMs) return;
    if (current && isSame && epoch === current.epoch) {
      current.heardMs = nowMs;
      return;
    }
    this.current = { host, port, epoch, by, heardMs: nowMs };
    if (!isSame) for (const onMove of this.followers) onMove(this.current);
  }

  private tell(): void {
    const { resolve } = this.news;
    this.news = Promise.withResolvers<void>();
    resolve();
  }
}

function failedBy(error: unknown): Reply {
  const text = error instanceof Error ? error.message : String(error);
  if (/no such master/i.test(text)) return { is: 'unknown' };
  return { is: 'failed', refusal: /^(WRONGPASS|NOAUTH|NOPERM)\b/.exec(text)?.[1] };
}
