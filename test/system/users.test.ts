/** Sign-up and sign-in at real gateways, with users in Redis and in DynamoDB (moto's). */
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, type Fleet, joinAt, startFleet } from '../helpers/fleet.ts';
import { type Moto, startMoto } from '../helpers/moto.ts';

const password = 'correct horse battery';
const table = 'tacos-users';
/** Installing moto takes a minute, once. */
const startMs = 300_000;

let moto: Moto;
const region = 'eu-west-1';

const stores = [
  { name: 'Redis', env: async () => ({}), stored: (fleet: Fleet) => storedInRedis(fleet) },
  { name: 'DynamoDB', env: dynamoEnv, stored: () => storedInDynamo() },
];

function dynamo(): DynamoDBClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new DynamoDBClient({ region, endpoint: moto.url, credentials });
}

async function dynamoEnv(): Promise<Record<string, string>> {
  moto = await startMoto();
  const client = dynamo();
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'name_key', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'name_key', AttributeType: 'S' }],
    }),
  );
  client.destroy();
  return { ...moto.env, AWS_REGION: region, DYNAMODB_USERS_TABLE: table };
}

/** All that is kept of users, as text. */
async function storedInRedis(fleet: Fleet): Promise<string[]> {
  const keys = await fleet.look.keys('tacos:user:*');
  return Promise.all(keys.map(async (key) => `${key} ${await fleet.look.get(key)}`));
}

async function storedInDynamo(): Promise<string[]> {
  const client = dynamo();
  const { Items: items = [] } = await client.send(new ScanCommand({ TableName: table }));
  client.destroy();
  return items.map((each) => JSON.stringify(each));
}

describe.each(stores)('users in $name', ({ env, stored }) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2, env: await env() });
  }, startMs);
  afterAll(async () => {
    await fleet?.stop();
    await moto?.stop();
  });

  const ask = (gateway: number, what: 'register' | 'login', username: string, secret = password) =>
    call('POST', `${fleet.urls[gateway]}/api/v1/auth/${what}`, { body: { username, password: secret } });

  it('sign up at one gateway, sign in at another, and enter with what they get', async () => {
    const registered = await ask(0, 'register', 'mina@example');
    expect([registered.status, registered.body.error]).toEqual([201, undefined]);
    const loggedIn = await ask(1, 'login', 'mina@example');
    expect(loggedIn.status).toBe(200);
    expect(loggedIn.body.user_id).toBe(registered.body.user_id);
    const token = String(loggedIn.body.access_token);
    expect(decodeJwt(token).sub).toBe(`user:${String(registered.body.user_id)}`);

    const event = await fleet.event({ tiers: '1-=0' });
    const headers = { authorization: `Bearer ${token}` };
    const joined = await joinAt(fleet.urls[0] ?? '', event.id, { headers });
    expect(joined.status).toBe(202);
    const again = await joinAt(fleet.urls[1] ?? '', event.id, {
      headers: { authorization: `Bearer ${String(registered.body.access_token)}` },
    });
    expect([again.status, (again.body.error as { code: string }).code]).toEqual([409, 'DUPLICATE_REQUEST']);
    const body = { waiting_token: joined.body.waiting_token };
    const entered = await call('POST', `${fleet.urls[1]}/api/v1/queue/enter`, { body, headers });
    expect([entered.status, entered.body.admission]).toEqual([200, 'granted']);
  });

  it('of one name are one, however many sign up at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, at) => ask(at % 2, 'register', 'racer', `${password} ${at}`)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409]);
    const winner = answers.findIndex(({ status }) => status === 201);
    expect((await ask(0, 'login', 'racer', `${password} ${winner}`)).status).toBe(200);
    expect((await ask(1, 'login', 'racer', `${password} ${(winner + 1) % 6}`)).status).toBe(401);
    expect((await ask(1, 'login', 'nobody-of-that-name')).status).toBe(401);
  });

  it('are kept without their names or passwords, which no log nor figure has either', async () => {
    const all = await stored(fleet);
    expect(all.length).toBe(2);
    for (const each of all) expect(each).toContain('$scrypt$ln=15,r=8,p=3$');
    const figures = await Promise.all(fleet.urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const said = fleet.gateways.map((gateway) => Object.values(gateway.output()).join());
    for (const text of [...all, ...figures, ...said]) expect(text).not.toMatch(/mina|racer|correct horse/);
    expect(figures[0]).toContain('/api/v1/auth/login');
  });
});

describe('more sign-ups at once than can be hashed', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 1, env: { RATE_LIMIT_ENABLED: 'false' } });
  });
  afterAll(() => fleet?.stop());

  it('are told to come again, while the gateway goes on answering others', async () => {
    const [url] = fleet.urls;
    const answers = Array.from({ length: 30 }, (_, at) =>
      call('POST', `${url}/api/v1/auth/register`, { body: { username: `crowd-${at}`, password } }),
    );
    let isOver = false;
    const done = Promise.all(answers).finally(() => {
      isOver = true;
    });
    const tookMs: number[] = [];
    while (!isOver) {
      const startedMs = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      tookMs.push(performance.now() - startedMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const replies = await done;
    const made = replies.filter(({ status }) => status === 201);
    const refused = replies.filter(({ status }) => status === 503);
    expect(made.length + refused.length).toBe(30);
    expect(made.length).toBeGreaterThanOrEqual(8);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, body } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect((body.error as { code: string }).code).toBe('OVERLOADED');
    }
    // A hash on the event loop would hold everybody up for a quarter of a second, one after the other.
    const [median = 0] = tookMs.sort((a, b) => a - b).slice(Math.floor(tookMs.length / 2));
    expect(median).toBeLessThan(150);
  });
});
