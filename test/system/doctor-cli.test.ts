/** `tacos doctor` as an operator runs it: real programs, faults really induced, and what it prints run as printed. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventPlan } from '../../src/queue/events.ts';
import { newCertificate } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { enterAt, joinAt } from '../helpers/fleet.ts';
import { type Office, openOffice, type Ran, tokenOf } from '../helpers/office.ts';
import { root, startProgram } from '../helpers/processes.ts';

/** Longer than any fault takes to be seen: a gateway is missing after 5 s, people are silent after about 12 s. */
const patience = { withinMs: 30_000, everyMs: 300 };

let office: Office;
/** Whom 1,000 people have joined and left, from the start on: they are stepped around while the other tests run. */
let deserted: string;
const folder = mkdtempSync(join(tmpdir(), 'tacos-doctor-'));

beforeAll(async () => {
  office = await openOffice({ gateways: 2, redis: { aof: true } });
  deserted = await newEvent({ presenceSec: 5 });
  await crowd(deserted, 1_000);
});
afterAll(async () => {
  await office?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function newEvent(plan: Partial<EventPlan> = {}): Promise<string> {
  return (await office.event({ refillPerSec: 50, ...plan })).id;
}

/** So many people join, each from an address of their own. Gives their tokens. */
async function crowd(event: string, people: number): Promise<string[]> {
  const join = async (index: number): Promise<string> => {
    const headers = { 'x-forwarded-for': `10.9.${index >> 8}.${index & 255}` };
    const { status, body } = await joinAt(office.urls[index % 2] ?? '', event, { headers });
    if (status >= 300) throw new Error(`join: ${status} ${JSON.stringify(body)}`);
    return String(body.waiting_token);
  };
  const tokens: string[] = [];
  for (let from = 0; from < people; from += 100) {
    const size = Math.min(100, people - from);
    tokens.push(...(await Promise.all(Array.from({ length: size }, (_, index) => join(from + index)))));
  }
  return tokens;
}

interface Asked {
  readonly context?: string;
}

const doctor = (event: string, { context }: Asked = {}): Promise<Ran> =>
  context === undefined
    ? office.tacos(['doctor', event])
    : office.tacos(['doctor', event, '-c', context], { env: { TACOS_SERVER: '' } });

/** The finding that stands first. */
interface First {
  readonly head: string;
  readonly next: string | undefined;
  readonly who: string | undefined;
}

function firstOf({ stdout }: Ran): First {
  const [head = '', ...rest] = stdout.split('\n');
  const end = rest.findIndex((line) => !line.startsWith('      '));
  const row = (name: string): string | undefined =>
    rest
      .slice(0, end)
      .find((line) => line.startsWith(`      ${name}`))
      ?.slice(12);
  return { head, next: row('next'), who: row('who') };
}

/** Waits until doctor ends with 10 and names this first; it takes a second or more for a fault to be seen. */
async function named(check: string, event: string, asked?: Asked): Promise<First> {
  return eventually(async () => {
    const ran = await doctor(event, asked);
    expect(`${ran.stdout}${ran.stderr}`).toMatch(new RegExp(`^fail {2}${check}[ :]`));
    expect(ran.code).toBe(10);
    return firstOf(ran);
  }, patience);
}

/** Waits until doctor finds nothing that fails. */
const healthy = (event: string, asked?: Asked): Promise<void> =>
  eventually(async () => {
    const { code, stdout, stderr } = await doctor(event, asked);
    expect([code, stdout, stderr]).toEqual([0, expect.any(String), '']);
  }, patience);

/** Waits until so many gateways serve the event: one that never did is not missed. */
const servedBy = (gateways: number, event: string): Promise<void> =>
  eventually(async () => {
    const { code, stdout } = await office.tacos(['doctor', event, '-o', 'wide']);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`: ${gateways} gateways report\n`)]);
  }, patience);

/** Runs a command as it stands, in a shell that finds tacos. */
function run(command: string | undefined): Promise<{ code: number | null; said: string }> {
  if (command === undefined) throw new Error('nothing was printed to be run');
  const env = {
    PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}`,
    HOME: office.home,
    XDG_CONFIG_HOME: join(office.home, 'config'),
    TACOS_SERVER: office.admins[0]?.url,
    TACOS_TOKEN: tokenOf('omar'),
  };
  const child = spawn('sh', ['-c', command], { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

/** Runs what doctor printed; it must work at the first try. */
async function ended({ next }: First, event: string): Promise<void> {
  const { code, said } = await run(next);
  expect(code, `${next}\n${said}`).toBe(0);
  await healthy(event);
}

const changed = async (...argv: string[]): Promise<void> => {
  const { code, stderr } = await office.tacos(argv);
  expect(code, stderr).toBe(0);
};

describe('a line that runs as it should', () => {
  it('passes before a planned opening, however many wait for it', async () => {
    const now = Date.now();
    const event = await newEvent({ opensAtMs: now + 3_600_000, prequeueFromMs: now - 60_000 });
    await crowd(event, 3);
    await eventually(async () => {
      const { code, stdout } = await office.tacos(['doctor', event, '--strict', '-o', 'json']);
      const { items } = JSON.parse(stdout) as { items: { check: string; result: string; text: string }[] };
      const phase = items.find(({ check }) => check === 'not-open');
      expect([code, phase?.result], stdout).toEqual([0, 'pass']);
      expect(phase?.text).toContain('until then 3 people wait');
    }, patience);
  });

  it('passes: exit 0, in words and as data', async () => {
    const event = await newEvent();
    for (const [index, token] of (await crowd(event, 4)).entries()) {
      await eventually(
        async () =>
          expect((await enterAt(office.urls[0] ?? '', token, `user-${index}`)).status).toBeLessThan(300),
        patience,
      );
    }
    await healthy(event);
    // What is healthy may still be warned of, as of the rush of a moment ago.
    await eventually(
      async () => expect((await doctor(event)).stdout).toMatch(/^(\d+) of \1 checks pass\n$/),
      patience,
    );
    await eventually(async () => {
      const { code, stdout } = await office.tacos(['doctor', event, '-o', 'json']);
      const { kind, items } = JSON.parse(stdout) as { kind: string; items: { result: string }[] };
      expect([code, kind, new Set(items.map(({ result }) => result))]).toEqual([
        0,
        'FindingList',
        new Set(['pass']),
      ]);
    }, patience);
  });
});

describe('a fault is named first, with exit 10, and what doctor prints ends it', () => {
  it('a pause', async () => {
    const event = await newEvent();
    await changed('queue', 'pause', event);
    const first = await named('paused', event);
    expect(first.next).toBe(`tacos queue resume ${event}`);
    await ended(first, event);
  });

  it('a bucket that is too small', async () => {
    const event = await newEvent();
    await changed('bucket', 'set', event, '--capacity', '60');
    await ended(await named('capacity-small', event), event);
  });

  it('a window that is too small', async () => {
    const event = await newEvent();
    await changed('queue', 'settings', 'set', event, '--window', '20');
    await ended(await named('window-small', event), event);
  });

  it('a Redis at its maxmemory, where joins are refused until then', async () => {
    const event = await newEvent();
    await healthy(event);
    const used = Number(/used_memory:(\d+)/.exec(await office.look.info('memory'))?.[1]);
    await office.look.config('SET', 'maxmemory', Math.floor(used * 0.9));
    expect((await joinAt(office.urls[0] ?? '', event)).status).toBe(503);
    const first = await named('redis-memory', event);
    expect(first.head).toContain('nobody can join or enter');
    await ended(first, event);
    expect((await joinAt(office.urls[0] ?? '', event)).status).toBeLessThan(300);
    await office.look.config('SET', 'maxmemory', 0);
  });

  it('a Redis without an append-only file', async () => {
    const event = await newEvent();
    await office.look.config('SET', 'appendonly', 'no');
    await ended(await named('aof-off', event), event);
    expect(await office.look.info('persistence')).toContain('aof_enabled:1');
  });

  it('a thousand people at the front who are gone', async () => {
    const first = await eventually(async () => {
      const found = await named('dead-heads', deserted);
      expect(found.head).toContain(': 1,000 people at the front are silent');
      expect(found.who).toContain('nobody has to');
      // Only told once they were silent for three times the 5 s of this line.
      expect(found.next).toContain(' --silent-for 15s ');
      return found;
    }, patience);
    await ended(first, deserted);
  });
});

describe('a fault that no command ends is named first, with exit 10, and with who must act', () => {
  it('a certificate that ends in five hours', async () => {
    const event = await newEvent();
    const [ending, good] = [newCertificate(folder, 'ending', 5), newCertificate(folder, 'good', 2_000)];
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, `${readFileSync(ending.cert, 'utf8')}${readFileSync(good.cert, 'utf8')}`);
    const serve = async ({ cert, key }: typeof ending): Promise<void> => {
      const { url } = await office.addAdmin({ ADMIN_TLS_CERT_FILE: cert, ADMIN_TLS_KEY_FILE: key });
      await changed('context', 'set', 'secure', '--server', url, '--ca-file', caFile);
    };
    await serve(ending);
    const first = await named('certificate-ending', event, { context: 'secure' });
    expect(first.head).toMatch(/ends in (4|5) h$/);
    expect([first.next, first.who]).toEqual([
      undefined,
      expect.stringMatching(/^whoever issues certificates/),
    ]);
    await serve(good);
    await healthy(event, { context: 'secure' });
  });

  it('a gateway that stopped', async () => {
    const event = await newEvent();
    await servedBy(2, event);
    const [, gateway] = office.gateways;
    if (gateway === undefined) throw new Error('two were started');
    process.kill(gateway.pid, 'SIGSTOP');
    try {
      const first = await named('gateway-missing', event);
      expect(first.head).toContain(`-${gateway.pid}-`);
      expect([first.next, first.who]).toEqual([undefined, expect.stringMatching(/^whoever runs \S+: start/)]);
    } finally {
      process.kill(gateway.pid, 'SIGCONT');
    }
    await healthy(event);
  });

  it('a gateway that reports, but may not read the journal any more and so has a change not in force', async () => {
    const event = await newEvent();
    await office.look.call('ACL', 'SETUSER', 'reader', 'on', '>pa55word', '~*', '&*', '+@all');
    const gateway = await startProgram({
      argv: ['dist/gateway/main.js', '--port', '0', '--workers', '1'],
      env: { ...office.env, REDIS_USERNAME: 'reader', REDIS_PASSWORD: 'pa55word' },
      ready: /^listening (http:\S+)$/m,
    });
    try {
      await servedBy(3, event);
      await office.look.call('ACL', 'SETUSER', 'reader', '-xread');
      await changed('bucket', 'set', event, '--refill', '40');
      const first = await named('revision-not-in-force', event);
      expect(first.head).toContain(`-${gateway.pid}-`);
      expect([first.next, first.who]).toEqual([
        undefined,
        expect.stringMatching(/^whoever runs \S+: restart that gateway$/),
      ]);
      await office.look.call('ACL', 'SETUSER', 'reader', '+xread');
      await healthy(event);
    } finally {
      await gateway.stop();
    }
  });
});
