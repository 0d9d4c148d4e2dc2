import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeReply } from '../../src/contract/actions.ts';
import type { AuditEntry } from '../../src/contract/audit.ts';
import { runCrowd } from '../../src/simulator/crowd.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, pause, statusAt } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';

/**
 * One sale from its making to its end, as the operator's guide tells it: real gateways, admin API and commands, 3,000
 * visitors, an accessible watch beside it all the time.
 */
describe('a whole sale', () => {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice({ gateways: 2 });
  }, 60_000);
  afterAll(() => office.stop(), 60_000);

  const event = 'evt_sale';
  const snapshot = () => office.snapshot(event);
  const act = async (...argv: string[]) => {
    const ran = await office.tacos([...argv, '--yes']);
    expect(ran, `${argv.join(' ')}\n${ran.stderr}`).toMatchObject({ code: 0 });
    return ran;
  };

  // Beside the sale, as it only waits for its minute.
  it.concurrent('has a neighbour whose plan’s forecast is compared with what happened a minute later', async () => {
    const beside = 'evt_outcome';
    await act('event', 'create', beside, '--refill', '1');
    await Promise.all(Array.from({ length: 100 }, (_, at) => joinAt(office.urls[at % 2] ?? '', beside)));
    const { stdout } = await act(
      ...['bucket', 'set', beside, '--refill', '2', '--reason', 'a bit faster', '-o', 'json'],
    );
    const id = (JSON.parse(stdout) as { item: ChangeReply }).item.results[0]?.auditId ?? '';
    const entry = await eventually(
      async () => {
        const shown = await office.tacos(['audit', 'show', id, '-o', 'json']);
        const { item } = JSON.parse(shown.stdout) as { item: AuditEntry };
        return item.outcome === undefined ? false : item;
      },
      { withinMs: 90_000, everyMs: 2_000 },
    );
    const rows = entry.outcome?.rows ?? [];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Number.isFinite(row.predicted)).toBe(true);
      expect(Number.isFinite(row.actual)).toBe(true);
    }
  }, 150_000);

  it.concurrent('goes from its making over pre-queue, opening, pause, ramp and dead heads to drained and closed, and the audit retells it', async () => {
    const opensAt = new Date(Date.now() + 18_000).toISOString();
    const prequeueFrom = new Date(Date.now() + 9_000).toISOString();
    await act(
      ...['event', 'create', event, '--name', 'Summer Fest D1', '--opens-at', opensAt],
      ...['--prequeue-from', prequeueFrom, '--refill', '60', '--reason', 'on sale tonight'],
    );
    expect((await joinAt(office.urls[0] ?? '', event)).status).toBe(403);
    const watching = office.tacos([
      ...['queue', 'watch', event, '--accessible', '--interval', '1s'],
      ...['--until', 'phase==closed', '--timeout', '150s'],
    ]);
    await eventually(async () => (await snapshot()).phase === 'prequeue', {
      withinMs: 20_000,
    });

    const leaving = new AbortController();
    const crowd = runCrowd(
      {
        gateway: office.urls,
        event,
        visitors: 3_000,
        arrivals: { kind: 'poisson', perSec: 400 },
        noShow: 0.1,
        connections: 48,
      },
      { signal: leaving.signal },
    );
    await eventually(async () => (await snapshot()).phase === 'open', { withinMs: 20_000, everyMs: 100 });
    await eventually(async () => (await snapshot()).admittedTotal > 100, { withinMs: 15_000, everyMs: 200 });

    await act('queue', 'pause', event, '--reason', 'backends are slow');
    await act('queue', 'message', event, 'We will be back in a minute', '--for', '10m');
    const visitor = await joinAt(office.urls[1] ?? '', event);
    const token = String(visitor.body.waiting_token);
    const told = await eventually(async () => {
      const { body } = await statusAt(office.urls[0] ?? '', token);
      return body.paused === true && body.message !== undefined && body;
    });
    expect(told.message).toBe('We will be back in a minute');
    const whilePaused = (await snapshot()).admittedTotal;
    await pause(2_000);
    expect((await snapshot()).admittedTotal).toBe(whilePaused);

    await act('bucket', 'set', event, '--refill', '120', '--ramp', '5s', '--reason', 'backends scaled out');
    await act('queue', 'resume', event, '--reason', 'backends are well');
    await act('queue', 'message', event, '--clear');
    await pause(8_000);
    const faster = await snapshot();
    expect(faster.bucket.refillPerSec.now).toBe(120);
    expect(faster.admittedTotal).toBeGreaterThan(whilePaused + 300);
    await act('bucket', 'set', event, '--refill', '100', '--reason', 'a little lower again');

    await act('queue', 'drain', event, '--reason', 'last round');
    expect((await joinAt(office.urls[0] ?? '', event)).status).toBe(403);
    await eventually(async () => (await snapshot()).waiting === 0, { withinMs: 90_000, everyMs: 500 });
    leaving.abort();
    await crowd;
    // The dead heads among them are away, their places kept: they are given up on purpose.
    if ((await snapshot()).away > 0) {
      await office.tacos([
        ...['queue', 'expire', event, '--silent-for', '10s', '--confirm', event],
        ...['--reason', 'only dead heads are left'],
      ]);
    }
    await eventually(async () => (await snapshot()).phase === 'closed', { withinMs: 60_000, everyMs: 500 });

    const watched = await watching;
    expect(watched).toMatchObject({ code: 0 });
    // No cursor movement, no colour, no box or block glyph: a screen reader gets plain lines.
    expect(watched.stdout).not.toContain('\u001b');
    expect(watched.stdout).not.toMatch(/[\u2500-\u259f\u25cf·]/);
    expect(watched.stdout).toMatch(/paused/i);

    const { stdout } = await office.tacos(['audit', 'list', '--event', event, '--limit', '50', '-o', 'json']);
    const story = (JSON.parse(stdout) as { items: AuditEntry[] }).items.toReversed();
    const actions = story.map(({ action }) => action);
    const order = [
      ...['event.create', 'queue.open', 'queue.pause', 'queue.message', 'bucket.set', 'queue.resume'],
      ...['queue.message', 'bucket.set', 'queue.drain', 'queue.close'],
    ];
    let at = -1;
    for (const action of order) {
      at = actions.indexOf(action, at + 1);
      expect(at, `${action} in ${actions.join(', ')}`).toBeGreaterThanOrEqual(0);
    }
    for (const entry of story) {
      expect(entry.actor).toMatch(/^(omar|system)$/);
      if (entry.actor === 'omar' && entry.action !== 'queue.message')
        expect(entry.reason.length).toBeGreaterThan(7);
    }

    // What was printed, logged or shown anywhere holds no waiting token.
    const logs = [...office.gateways, ...office.admins].map(
      ({ output }) => output().stdout + output().stderr,
    );
    const all = office.captured() + logs.join('');
    expect(all.length).toBeGreaterThan(10_000);
    expect(all).not.toMatch(/\bt1\.[\w-]+\.[\w-]{20,}/);
    expect(all).not.toContain(token);
  }, 240_000);
});
