import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../src/contract/doctor.ts';
import { formatFigures, parseReports } from '../../src/queue/report-figures.ts';
import { keysOf } from '../../src/queue/scripts.ts';
import { eventually } from './eventually.ts';
import { type Office, openOffice, tokenOf } from './office.ts';
import { startRedis, type TestRedis } from './redis.ts';

const event = 'evt_checked';
const iso = (afterSec: number) => new Date(Date.now() + afterSec * 1000).toISOString();

/** Each line with its fault induced at real servers. Run by sale-file.test.ts, while its sale of three minutes goes on. */
export function saleCheckTests(): void {
  let office: Office;
  let replica: TestRedis;
  let receiver: Server;
  /** What the receiver of the webhook answers. */
  let webhookStatus = 200;
  let file = '';
  let report = '';

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(webhookStatus).end());
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    office = await openOffice({ gateways: 1, adminEnv: { ALERT_WEBHOOK_URL: hook } });
    replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(office.redis.port)] });
    await office.look.config('SET', 'appendonly', 'yes');
    file = join(office.home, 'sale.yaml');
    report = join(office.home, 'report.json');
    writeFileSync(
      file,
      `apiVersion: tacos/v1\nkind: Sale\nevent: ${event}\nopensAt: "${iso(1_800)}"\nlasts: 1h\nvisitors: 2000\n` +
        'steps:\n  - {at: 5m, refill: 20}\n',
    );
    writeFileSync(
      report,
      JSON.stringify({ scenario: '5k', passed: true, endedAt: iso(-60), requestsPerSec: 4_400 }),
    );
    const config = join(office.home, 'config/tacos/config.yaml');
    mkdirSync(join(config, '..'), { recursive: true });
    const { url } = office.admins[0] ?? {};
    writeFileSync(config, `contexts:\n  lab: {server: "${url}", gateway: "${office.urls[0]}"}\n`);
    const opening = ['--opens-at', iso(3_600), '--refill', '10', '--reason', 'a new sale'];
    expect((await office.tacos(['event', 'create', event, ...opening])).code).toBe(0);
  }, 60_000);
  afterAll(async () => {
    receiver?.close();
    await replica?.stop();
    await office?.stop();
  }, 60_000);

  const failingOf = (items: readonly Finding[]): string[] =>
    items.filter(({ result }) => result === 'fail').map((one) => one.check);

  /** The whole list, as a command. */
  async function command() {
    const argv = ['sale', 'check', file, '--loadtest', report, '-c', 'lab', '-o', 'json'];
    const { stdout, stderr, code } = await office.tacos(argv, { env: { TACOS_SERVER: '' } });
    expect(stderr).toBe('');
    const { items } = JSON.parse(stdout) as { items: Finding[] };
    return { code, items, failing: failingOf(items) };
  }
  /** The server's part of it, of any event. */
  async function server(of = event): Promise<string[]> {
    const answer = await fetch(`${office.admins[0]?.url}/admin/v1/events/${of}/sale/check`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf('omar')}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ opensAt: iso(1_800), endsAt: iso(5_400), visitors: 2_000, joinPerSec: 200, refillPerSec: 20 },
      }),
    });
    return failingOf(((await answer.json()) as { items: Finding[] }).items);
  }
  const until = (failing: readonly string[]) =>
    eventually(async () => expect((await server()).toSorted()).toEqual([...failing].toSorted()), {
      withinMs: 30_000,
      everyMs: 200,
    });
  const redis = (...args: [string, ...string[]]) => office.look.call(...args);

  it('passes where nothing is wrong, and says that there is no cluster to look at', async () => {
    await until([]);
    const { code, items, failing } = await command();
    expect([code, failing]).toEqual([0, []]);
    expect(items.filter(({ result }) => result === 'skip').map(({ check }) => check)).toEqual(['sale-hpa']);
    expect(items.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['sale-file', 'synthetic-visitor', 'loadtest', 'clock-skew', 'alarm-delivery']),
    );
  }, 60_000);

  const dump = () => join(office.redis.dir, 'dump.rdb');
  const backgroundSave = async (status: string): Promise<void> => {
    await redis('BGSAVE').catch(() => {});
    await eventually(
      async () => String(await redis('INFO', 'persistence')).includes(`rdb_last_bgsave_status:${status}`),
      { withinMs: 20_000, everyMs: 200 },
    );
  };
  const keys = keysOf(event);
  const ref = async () => {
    const incarnation = (await office.look.hget(keys.meta, 'incarnation')) ?? '';
    return { id: event, keys, incarnation };
  };
  /** Goes on reporting as a gateway of the same version and revision, but for what is named, until it is told to stop. */
  async function reporting(change: { version?: string; behind?: number }): Promise<() => Promise<void>> {
    const [own] = parseReports(await office.look.hgetall(keys.reporters));
    if (own?.figures === undefined) throw new Error('no gateway has reported');
    const figures = formatFigures({ ...own.figures, v: change.version ?? own.figures.v });
    const report = async (revision: number): Promise<void> => {
      const said = { reporter: 'stranger', gateway: `gw-old ${figures}`, revision, records: '' } as const;
      await office.store.presence(await ref(), said);
    };
    const timer = setInterval(() => void report(own.revision - (change.behind ?? 0)).catch(() => {}), 500);
    return async () => {
      clearInterval(timer);
      await report(-1);
    };
  }
  let hush: () => Promise<void> = async () => {};
  const budget = (perSec: string) =>
    office.tacos(['budget', 'set', perSec, '--reason', 'as backends are'], { as: 'ada' });

  const faults: readonly {
    readonly line: string;
    readonly induce: () => Promise<unknown>;
    readonly mend: () => Promise<unknown>;
  }[] = [
    {
      line: 'aof-off',
      induce: () => redis('CONFIG', 'SET', 'appendonly', 'no'),
      mend: () => redis('CONFIG', 'SET', 'appendonly', 'yes'),
    },
    {
      line: 'persistence-failing',
      induce: async () => {
        rmSync(dump(), { force: true });
        await mkdir(dump());
        await backgroundSave('err');
      },
      mend: async () => {
        await rmdir(dump());
        await backgroundSave('ok');
      },
    },
    {
      line: 'noeviction',
      induce: () => redis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'),
      mend: () => redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction'),
    },
    {
      line: 'sale-memory',
      induce: () => redis('CONFIG', 'SET', 'maxmemory', '10mb'),
      mend: () => redis('CONFIG', 'SET', 'maxmemory', '0'),
    },
    {
      line: 'redis-replica-lag',
      induce: async () => process.kill(replica.pid, 'SIGSTOP'),
      mend: async () => process.kill(replica.pid, 'SIGCONT'),
    },
    { line: 'sale-budget', induce: () => budget('15'), mend: () => budget('1000') },
    {
      line: 'alarm-delivery',
      induce: async () => {
        webhookStatus = 500;
      },
      mend: async () => {
        webhookStatus = 200;
      },
    },
    {
      line: 'mixed-versions',
      induce: async () => {
        hush = await reporting({ version: '0.0.1' });
      },
      mend: () => hush(),
    },
    {
      line: 'revision-not-in-force',
      induce: async () => {
        hush = await reporting({ behind: 1 });
      },
      mend: () => hush(),
    },
  ];
  it.each(faults)(
    'fails at $line alone once its fault is there, and passes when it is mended',
    async ({ line, induce, mend }) => {
      await until([]);
      try {
        await induce();
        await until([line]);
      } finally {
        await mend();
      }
      await until([]);
    },
    90_000,
  );

  it('fails where the server would not take the file, and at an event that has opened', async () => {
    await until([]);
    const opened = ['event', 'create', 'evt_opened', '--refill', '10', '--reason', 'it runs already'];
    const made = await office.tacos(opened);
    expect(made.code, made.stderr).toBe(0);
    await eventually(async () => expect(await server('evt_opened')).toContain('sale-event'), {
      withinMs: 20_000,
      everyMs: 300,
    });
    await budget('15');
    try {
      const { code, failing } = await command();
      expect([code, failing.toSorted()]).toEqual([10, ['sale-budget', 'sale-file']]);
    } finally {
      await budget('1000');
    }
  }, 60_000);

  it('fails where the only gateway does not answer, with the visitor who cannot join; passes when it does again', async () => {
    await until([]);
    const [gateway] = office.gateways;
    const pid = gateway?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await until(['gateway-missing', 'sale-gateways']);
      const { code, items, failing } = await command();
      expect([code, failing]).toEqual([10, expect.arrayContaining(['gateway-missing', 'synthetic-visitor'])]);
      const visitor = items.find(({ check }) => check === 'synthetic-visitor');
      expect(visitor).toMatchObject({ text: 'join was answered with nothing', next: 'tacos doctor' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until([]);
    expect((await command()).failing).toEqual([]);
  }, 90_000);
}
