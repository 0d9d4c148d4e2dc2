import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeReply } from '../../src/contract/actions.ts';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, pause, statusAt } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';

/** Longer than anything takes that is looked for by commands, each of which takes a second on a busy machine. */
const patience = { withinMs: 20_000, everyMs: 50 };

describe('operators', () => {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice({ gateways: 2, admins: 2 });
  }, 60_000);
  afterAll(() => office.stop(), 60_000);

  const json = <T>(text: string): T => JSON.parse(text) as T;
  const change = (stdout: string) => json<{ item: ChangeReply }>(stdout).item;
  const audit = async (event: string) => {
    const { stdout } = await office.tacos(['audit', 'list', '--event', event, '-o', 'json']);
    return json<{ items: AuditEntry[] }>(stdout).items;
  };
  const create = async (...flags: string[]) => {
    const event = `evt_${Math.random().toString(36).slice(2, 10)}`;
    const made = await office.tacos(['event', 'create', event, ...flags]);
    expect(made).toMatchObject({ code: 0 });
    // A receipt counts the gateways that serve the event; they find a new one by themselves, within a second or two.
    await eventually(async () => (await office.snapshot(event)).gateways.seen === 2, patience);
    return event;
  };
  const queue = async (event: string, server?: string) => {
    const ran = await office.tacos(['queue', 'get', event, '-o', 'json'], server ? { server } : {});
    return json<{ item: QueueSnapshot }>(ran.stdout).item;
  };
  const joinMany = async (event: string, count: number) => {
    const tokens: string[] = [];
    for (let at = 0; at < count; at += 100) {
      const answers = await Promise.all(
        Array.from({ length: Math.min(100, count - at) }, (_, one) =>
          joinAt(office.urls[one % 2] ?? '', event),
        ),
      );
      tokens.push(...answers.map(({ body }) => String(body.waiting_token)));
    }
    return tokens;
  };

  it('who lose a race for a version get exit 6 and the values in force, and both see the other’s change', async () => {
    const event = await create('--refill', '10');
    const { revision } = await queue(event);
    const versioned = ['--if-version', String(revision), '-o', 'json', '--yes'];
    const rise = (as: 'omar' | 'olga', refill: string, server: string | undefined) =>
      office.tacos(['bucket', 'set', event, '--refill', refill, '--reason', `race of ${as}`, ...versioned], {
        as,
        ...(server ? { server } : {}),
      });
    const [one, two] = await Promise.all([
      rise('omar', '12', office.admins[0]?.url),
      rise('olga', '14', office.admins[1]?.url),
    ]);
    const [winner, loser] = one?.code === 0 ? [one, two] : [two, one];
    expect(winner.code).toBe(0);
    expect(loser.code).toBe(6);
    expect(loser.stdout).toBe('');
    const { error } = json<{ error: { code: string; message: string } }>(loser.stderr);
    expect(error.code).toBe('VERSION_CONFLICT');
    const inForce = one?.code === 0 ? 12 : 14;
    expect(loser.stderr).toContain(String(inForce));
    for (const { url } of office.admins) {
      const seen = await eventually(async () => {
        const snapshot = await office.snapshot(event, url);
        return snapshot.changes[0]?.action === 'bucket.set' && snapshot;
      }, patience);
      expect(seen.bucket.refillPerSec.now).toBe(inForce);
    }
  });

  it('who both raise refills over the shared budget: the second gets exit 6', async () => {
    const [one, two, three] = [
      await create('--refill', '10'),
      await create('--refill', '10'),
      await create('--refill', '10'),
    ];
    const before = json<{ item: { usedPerSec: number } }>(
      (await office.tacos(['budget', 'get', '-o', 'json'])).stdout,
    ).item;
    const budget = before.usedPerSec + 50;
    const set = ['budget', 'set', String(budget), '--reason', 'shared backends', '--yes'];
    expect((await office.tacos(set, { as: 'ada' })).code).toBe(0);
    const rises = await Promise.all(
      [one, two, three].map((event, at) =>
        office.tacos(['bucket', 'set', event, '--refill', '50', '--reason', 'more people', '--yes'], {
          server: office.admins[at % 2]?.url ?? '',
        }),
      ),
    );
    expect(rises.map(({ code }) => code).sort()).toEqual([0, 6, 6]);
    expect(rises.find(({ code }) => code === 6)?.stderr).toMatch(/budget/);
    const none = ['budget', 'set', '--none', '--reason', 'no budget any more', '--yes'];
    expect((await office.tacos(none, { as: 'ada' })).code).toBe(0);
  });

  it('pause all events at once: one receipt each, in force on every gateway within a second', async () => {
    const events = [await create(), await create(), await create()];
    const ran = await office.tacos([
      'queue',
      'pause',
      '--all',
      '--reason',
      'backends are down',
      '--yes',
      '-o',
      'json',
    ]);
    expect(ran).toMatchObject({ code: 0 });
    const { results } = change(ran.stdout);
    const ours = results.filter(({ event }) => events.includes(event ?? ''));
    expect(ours).toHaveLength(3);
    for (const { applied, receipt } of ours) {
      expect(applied).toBe(true);
      expect(receipt).toMatchObject({ inForce: 2, of: 2, missing: [] });
      expect(receipt?.afterMs).toBeLessThanOrEqual(1_000);
    }
    const [token] = await joinMany(events[0] ?? '', 1);
    expect((await statusAt(office.urls[0] ?? '', token ?? '')).body.paused).toBe(true);
  });

  it('see who listens to a stream and who polls', async () => {
    const event = await create('--refill', '1');
    await office.tacos(['queue', 'pause', event, '--reason', 'so that they stay']);
    const [listener, poller] = await joinMany(event, 2);
    const leaving = new AbortController();
    const stream = await fetch(
      `${office.urls[0]}/api/v1/queue/stream?token=${encodeURIComponent(listener ?? '')}`,
      { signal: leaving.signal },
    );
    expect(stream.status).toBe(200);
    await statusAt(office.urls[1] ?? '', poller ?? '');
    await eventually(async () => {
      const { top } = await office.snapshot(event);
      return JSON.stringify(top.map(({ client }) => client)) === '["stream","poll"]';
    }, patience);
    leaving.abort();
  });

  it('end a queue of 2,000 and give every place back in the same order by undo', async () => {
    const event = await create('--refill', '1');
    await office.tacos(['queue', 'pause', event, '--reason', 'before the expiry', '--yes']);
    const tokens = await joinMany(event, 2_000);
    const sample = [0, 1, 9, 50, 500, 999, 1_999];
    const positions = () =>
      Promise.all(
        sample.map(async (at) => {
          const { body } = await statusAt(office.urls[at % 2] ?? '', tokens[at] ?? '');
          return body.status === 'expired' ? `expired, ask in ${body.poll_after_sec} s` : body.position;
        }),
      );
    const before = await positions();
    const flags = ['--confirm', event, '--reason', 'the wrong event was opened'];
    const ended = await office.tacos(['queue', 'expire', event, '--all', '--wait', '-o', 'json', ...flags]);
    expect(ended).toMatchObject({ code: 0 });
    const [result] = change(ended.stdout).results;
    expect(result?.people).toBe(2_000);
    await eventually(async () => (await positions()).every((each) => each === 'expired, ask in 30 s'));
    expect((await statusAt(office.urls[0] ?? '', tokens[0] ?? '')).body.restorable_until).toBeDefined();
    const undone = await office.tacos([
      'undo',
      result?.auditId ?? '',
      '--reason',
      'it was the right one',
      '--yes',
      '-o',
      'json',
    ]);
    expect(undone).toMatchObject({ code: 0 });
    await eventually(async () => JSON.stringify(await positions()) === JSON.stringify(before));
    await eventually(async () => expect((await queue(event)).waiting).toBe(2_000), patience);
    const records = await audit(event);
    expect(records.find(({ auditId }) => auditId === result?.auditId)?.undoneBy).toBe(records[0]?.auditId);
  });

  it('do not learn whether a change was made when the reply is lost: exit 9, and the query that tells', async () => {
    const event = await create('--refill', '10');
    const lossy = await openLossyProxy(office.admins[0]?.url ?? '');
    try {
      const ran = await office.tacos(
        ['bucket', 'set', event, '--refill', '20', '--reason', 'reply gets lost', '--yes'],
        { server: lossy.url },
      );
      expect(ran.code).toBe(9);
      const query = /tacos (audit list [^\n]*?)(?=\s{3,}|\n)/.exec(ran.stderr)?.[1] ?? '';
      expect(query).toContain(event);
      const told = await office.tacos([...query.trim().split(/\s+/), '-o', 'json']);
      const entries = json<{ items: AuditEntry[] }>(told.stdout).items;
      // Sent three times under one key, made once.
      expect(entries.filter(({ reason }) => reason === 'reply gets lost')).toHaveLength(1);
    } finally {
      await lossy.close();
    }
  });

  it('limit a change to 10 s and it ends on time with every admin process dead, as the audit says afterwards', async () => {
    const event = await create('--refill', '10');
    const ran = await office.tacos([
      'bucket',
      'set',
      event,
      '--refill',
      '15',
      '--for',
      '10s',
      '--reason',
      'short burst',
      '--yes',
    ]);
    const changedMs = Date.now();
    expect(ran).toMatchObject({ code: 0 });
    const [made] = await audit(event);
    expect(made).toMatchObject({ action: 'bucket.set', reason: 'short burst' });
    for (const { child } of office.admins) child.kill('SIGKILL');
    await Promise.all(office.admins.map(({ ended }) => ended));
    await pause(11_500 - (Date.now() - changedMs));
    const admin = await office.addAdmin();
    const back = await eventually(
      async () => {
        const { stdout } = await office.tacos(['audit', 'list', '--event', event, '-o', 'json'], {
          server: admin.url,
        });
        const entry = json<{ items: AuditEntry[] }>(stdout).items.find(({ actor }) => actor === 'system');
        return entry ?? false;
      },
      { withinMs: 10_000, everyMs: 200 },
    );
    expect(back).toMatchObject({ action: 'bucket.return', role: 'system' });
    // From when it was made, which is some time before its command has ended.
    expect(Date.parse(back.at) - Date.parse(made?.at ?? '')).toBeGreaterThanOrEqual(10_000);
    expect(Date.parse(back.at) - changedMs).toBeLessThan(11_000);
    expect((await queue(event, admin.url)).bucket.refillPerSec.now).toBe(10);
  });
});

/** Forwards everything, but drops the connection instead of the answer to an action. */
async function openLossyProxy(target: string) {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const { host, connection, ...headers } = incoming.headers;
      const answer = await fetch(`${target}${incoming.url}`, {
        method: incoming.method ?? 'GET',
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      const body = Buffer.from(await answer.arrayBuffer());
      if (incoming.url === '/admin/v1/actions') {
        incoming.socket.destroy();
        return;
      }
      const kept = [...answer.headers].filter(
        ([name]) => !/^(content-encoding|transfer-encoding|connection)$/.test(name),
      );
      outgoing.writeHead(answer.status, Object.fromEntries(kept));
      outgoing.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
