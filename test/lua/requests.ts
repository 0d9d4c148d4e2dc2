/** What the tests of the scripts of requests stand on: a Redis of their own and one request to try. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { RequestBook } from '../../src/gateway/requests/request-book.ts';
import { requestKeys, requestScripts, runRequestScript } from '../../src/gateway/requests/request-scripts.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

export interface Attempt {
  readonly key?: string;
  readonly body?: string;
  readonly owner?: string;
  readonly flightMs?: number;
  readonly boundMs?: number;
  readonly isOver?: 0 | 1;
}

export interface Requests {
  readonly redis: RedisClient;
  readonly book: RequestBook;
  begin(attempt?: Attempt): Promise<unknown>;
  end(how?: {
    readonly owner?: string;
    readonly status?: number;
    readonly answer?: string;
    readonly keepMs?: number;
    readonly gaveBack?: 0 | 1;
  }): Promise<unknown>;
}

/** A Redis for the tests of one `describe`, emptied before each. Each attempt has the record of its own key. */
export function useRequests(): Requests {
  let server: TestRedis;
  let redis: RedisClient;
  beforeAll(async () => {
    server = await startRedis();
    redis = connect({ host: '127.0.0.1', port: server.port }, { name: 'test', scripts: requestScripts });
    await whenReady(redis, 5_000);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  return {
    get redis() {
      return redis;
    },
    get book() {
      return new RequestBook(redis);
    },
    begin({ key = 'k1', body = 'b1', owner = 'o1', flightMs = 60_000, boundMs = 60_000, isOver = 0 } = {}) {
      const at = requestKeys({ scope: 'user ann', key, passId: 'p1' });
      return runRequestScript(redis, 'begin_request', at, { key, body, owner, flightMs, boundMs, isOver });
    },
    end({ owner = 'o1', status = 201, answer = '{}', keepMs = 60_000, gaveBack = 0 } = {}) {
      const at = requestKeys({ scope: 'user ann', key: 'k1', passId: 'p1' });
      const args = { key: 'k1', owner, status, answer, keepMs, gaveBack };
      return runRequestScript(redis, 'end_request', at, args);
    },
  };
}
