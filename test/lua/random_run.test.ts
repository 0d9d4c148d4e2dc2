/** Random histories of one line, each step held against a model, each end against the journal. Seeds are fixed. */
import { describe, expect, it } from 'vitest';
import { capacityAt } from '../../src/queue/bucket.ts';
import type { JobStart } from '../../src/queue/job-store.ts';
import { parseEntry } from '../../src/queue/journal.ts';
import { parseSettings, phaseAt } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { digest, enterAt, hearAt, joinAt, seeded, sweepAt, t0Us, useLine } from './line.ts';
import { LineModel, type ModelMember, seqsOf } from './line_model.ts';
import { expectSound } from './sound.ts';

const expireNearMs = 60_000;
const steps = 500;

describe('a line with any history', () => {
  const line = useLine();
  const seen = new Map<string, number>();

  class Run {
    readonly event: EventRef;
    readonly model: LineModel;
    private readonly random: () => number;
    private nowUs = t0Us;
    private sweptUs = t0Us;
    private readEntries = 1;
    private changes = 0;
    private job: Pick<JobStart, 'kind' | 'silentForMs' | 'all'> = { kind: 'expire' };
    private lastOfJob = 0;

    constructor(event: EventRef, model: LineModel, seed: number) {
      this.event = event;
      this.model = model;
      this.random = seeded(seed);
    }

    private below(bound: number): number {
      return Math.floor(this.random() * bound);
    }

    private pick<T>(list: readonly T[]): T {
      return list[this.below(list.length)] as T;
    }

    /** Mostly somebody near the front of those still in line, sometimes anybody. */
    private somebody(): number {
      const { places } = this.model;
      const live = places.flatMap(({ state }, index) =>
        state === 'waiting' || state === 'silent' || state === 'unclaimed' ? [index + 1] : [],
      );
      if (live.length === 0 || this.random() < 0.15) return 1 + this.below(places.length);
      return live[Math.min(this.below(this.random() < 0.7 ? 15 : live.length), live.length - 1)] ?? 1;
    }

    private async newEntries() {
      const from = `${this.readEntries + 1}-0`;
      const entries = await line.redis.xrange(this.event.keys.journal, from, '+');
      this.readEntries += entries.length;
      return entries.map(([, fields]) => parseEntry(fields[1] ?? ''));
    }

    async join(): Promise<void> {
      const members = Array.from({ length: 1 + this.below(30) }, (): ModelMember => {
        const person = this.random() < 0.4 ? `p${this.below(40)}` : undefined;
        const key = this.random() < 0.3 ? `k${this.below(40)}` : undefined;
        return { ...(person && { person }), ...(key && { key, body: this.pick(['aaaa', 'bbbb']) }) };
      });
      const dueMs = this.below(20_000);
      const packed = members.map(({ person, key, body }) => ({
        ...(person && { person: digest(`person ${person}`) }),
        ...(key && { key: digest(`key ${key}`), body: Buffer.from(body ?? '') }),
      }));
      const firstSeq = this.model.places.length + 1;
      const waitingBefore = this.model.waiting.length;
      const reply = await joinAt(line.store, this.event, packed, this.nowUs, dueMs);
      const expected = this.model.join(members, this.nowUs, dueMs);
      if (expected.word === 'closed') expect(reply).toEqual({ word: 'closed' });
      else expect(reply).toMatchObject({ ...expected, firstSeq, waitingBefore });
    }

    async enter(): Promise<void> {
      if (this.model.places.length === 0) return;
      for (let tries = 1 + this.below(8); tries > 0; tries -= 1) {
        const seq = this.somebody();
        const subject = this.random() < 0.5 ? '' : `s${this.below(60)}`;
        const dueMs = this.below(40_000);
        const { joinedMs } = this.model.place(seq);
        const who = { joinedMs, subject: subject === '' ? ('' as const) : digest(subject), dueMs };
        const reply = await enterAt(line.store, this.event, seq, this.nowUs, who);
        const expected = this.model.enter(seq, subject, this.nowUs, dueMs);
        if (typeof expected === 'string') expect(reply.word).toBe(expected);
        else
          expect(reply).toMatchObject({
            word: 'denied',
            reason: expected.denied,
            position: expected.position,
          });
        this.nowUs += this.below(1_000);
      }
    }

    async leave(): Promise<void> {
      if (this.model.places.length === 0) return;
      const seq = this.somebody();
      expect(await line.store.leave(this.event, { seq, nowUs: this.nowUs })).toBe(this.model.leave(seq));
    }

    async hear(): Promise<void> {
      if (this.model.places.length === 0) return;
      const seqs = Array.from({ length: 1 + this.below(60) }, () => this.somebody());
      const dueSec = this.below(20);
      const back = await hearAt(line.store, this.event, seqs, this.nowUs, dueSec);
      expect(back).toBe(this.model.hear(seqs, this.nowUs, dueSec * 1000));
    }

    async sweep(): Promise<void> {
      await this.newEntries();
      this.sweptUs = this.nowUs;
      const limit = 1 + this.below(60);
      await sweepAt(line.store, this.event, this.nowUs, limit);
      const entries = await this.newEntries();
      const unclaimed = seqsOf(entries, 'unclaimed');
      for (const seq of unclaimed) expect(this.model.place(seq).state).toBe('waiting');
      expect(this.model.settings.paused && unclaimed.length > 0).toBe(false);
      expect(seqsOf(entries, 'silent')).toEqual(this.model.sweep(this.nowUs, limit, unclaimed));
    }

    async expire(): Promise<void> {
      await this.newEntries();
      const { expired } = await line.store.expire(this.event, {
        limit: 1 + this.below(50),
        nowUs: this.nowUs,
      });
      const seqs = seqsOf(await this.newEntries(), 'expired');
      expect(seqs.length).toBe(expired);
      this.model.expire(seqs, this.nowUs, expireNearMs);
    }

    async prune(): Promise<void> {
      await line.store.prune(this.event, { limit: 1 + this.below(20), nowUs: this.nowUs });
    }

    private async takeSettings(): Promise<void> {
      this.model.settings = parseSettings(await line.redis.hgetall(this.event.keys.meta));
    }

    private get isClosed(): boolean {
      return phaseAt(this.model.settings, Math.floor(this.nowUs / 1000)) === 'closed';
    }

    private get isShut(): boolean {
      const { paused, phase } = this.model.settings;
      return paused || phase !== 'open';
    }

    async phase(): Promise<void> {
      const action = this.isShut
        ? this.pick(['open', 'resume', 'advance'] as const)
        : this.pick(['pause', 'drain', 'close', 'advance'] as const);
      this.changes += 1;
      const wasClosed = this.isClosed;
      const change = {
        action,
        changeId: `c${this.changes}`,
        audit: '{}',
        deadlineMs: this.below(2) * 30_000,
      };
      const reply = await line.store.setPhase(this.event, { ...change, nowUs: this.nowUs });
      if (reply.word === 'applied') this.model.settleBucket(this.nowUs);
      await this.takeSettings();
      if (wasClosed && !this.isClosed) this.model.reopened(this.nowUs);
    }

    /** An operator expires somebody, removes somebody, or gives back what an expiry ended. */
    async startJob(): Promise<void> {
      const { places, settings } = this.model;
      if (places.length === 0) return;
      const [tomb] = (await line.store.tombs(this.event)).slice(-1);
      this.changes += 1;
      const id = `aud_${this.changes}`;
      const own = { auditId: id, changeId: id, audit: '{}', nowUs: this.nowUs };
      const seqs = [...new Set(Array.from({ length: 1 + this.below(20) }, () => this.somebody()))];
      const jobs: JobStart[] = [
        { ...own, kind: 'expire', seqs },
        { ...own, kind: 'expire', silentForMs: this.below(60_000) },
        { ...own, kind: 'remove', seqs: seqs.slice(0, 3) },
        ...(settings.paused ? [{ ...own, kind: 'expire', all: true } as const] : []),
        ...(tomb ? [{ ...own, kind: 'restore', undoes: tomb.auditId } as const] : []),
      ];
      const job = this.pick(tomb && this.random() < 0.5 ? jobs.slice(-1) : jobs);
      const reply = await line.store.startJob(this.event, job);
      if (reply.word !== 'started') return;
      await this.takeSettings();
      this.job = job;
      this.lastOfJob = places.length;
      this.model.restoring = job.kind === 'restore';
    }

    async stepJob(): Promise<void> {
      await this.newEntries();
      const reply = await line.store.stepJob(this.event, { limit: 1 + this.below(40), nowUs: this.nowUs });
      if (reply.word === 'idle') return;
      const entries = await this.newEntries();
      const { kind, silentForMs, all } = this.job;
      if (kind === 'expire') this.model.expireByOperator(seqsOf(entries, 'expired'), this.nowUs, silentForMs);
      else if (kind === 'remove')
        for (const seq of seqsOf(entries, 'left')) expect(this.model.leave(seq)).toBe('left');
      for (const seq of kind === 'restore' ? seqsOf(entries, 'left') : []) this.model.endNewer(seq);
      const restored = seqsOf(entries, 'restored');
      expect(restored).toEqual([...restored].sort((a, b) => a - b));
      this.model.restore(restored, this.nowUs, 45_000);
      if (reply.more) return;
      this.model.restoring = false;
      await this.takeSettings();
      const stillThere = this.model.waiting.filter((seq) => seq <= this.lastOfJob);
      if (all) expect(stillThere).toEqual([]);
    }

    async set(): Promise<void> {
      this.changes += 1;
      const schedule = () => ({
        to: this.below(40_000_000),
        ...(this.random() < 0.4 ? { rampMs: this.below(60_000) } : {}),
        ...(this.random() < 0.4 ? { forMs: this.below(60_000) } : {}),
      });
      const timed = {
        ...(this.random() < 0.6 ? { refill: schedule() } : {}),
        ...(this.random() < 0.4 ? { capacity: schedule() } : {}),
      };
      const fields: Record<string, string> = this.random() < 0.5 ? { window: String(this.below(60)) } : {};
      const reply = await line.store.setSettings(this.event, {
        changeId: `c${this.changes}`,
        timed,
        fields,
        audit: '{}',
        nowUs: this.nowUs,
      });
      if (reply.word === 'unchanged') return;
      this.model.settleBucket(this.nowUs);
      await this.takeSettings();
      const { tokensMicro, refilledAtUs } = this.model.bucket;
      const capacity = capacityAt(this.model.settings, Math.floor(this.nowUs / 1000));
      this.model.bucket = { tokensMicro: Math.min(tokensMicro, capacity), refilledAtUs };
    }

    /** The sweeper's lease holder brakes, or tries to. */
    async brake(): Promise<void> {
      const leadMs = this.below(2_000);
      const reply = await line.store.setBrake(this.event, {
        worker: 'w1',
        permille: this.random() < 0.3 ? 1_000 : 1 + this.below(999),
        leadMs,
        forMs: leadMs + 1 + this.below(60_000),
        why: 'payment:latency:900',
        audit: '',
        nowUs: this.nowUs,
      });
      if (reply !== 'set') return;
      this.model.settleBucket(this.nowUs);
      await this.takeSettings();
    }

    /** One random step; time passes, now and then a lot of it. */
    async step(): Promise<void> {
      const dice = this.random();
      // A gap of 5 s in the sweeps starts the grace time: that shall happen, but not all the time.
      if (this.nowUs - this.sweptUs > 4_000_000) await this.sweep();
      this.nowUs += this.below(this.random() < 0.004 ? 400_000_000 : 900_000);
      if (this.isShut && this.random() < 0.1) await this.phase();
      if (this.model.settings.job ? this.random() < 0.3 : false) await this.stepJob();
      if (this.random() < 0.02) await this.startJob();
      if (this.random() < 0.05) await this.brake();
      if (dice < 0.15) await this.join();
      else if (dice < 0.5) await this.enter();
      else if (dice < 0.55) await this.leave();
      else if (dice < 0.7) await this.hear();
      else if (dice < 0.87) await this.sweep();
      else if (dice < 0.92) await this.expire();
      else if (dice < 0.94) await this.prune();
      else if (dice < 0.97) await this.phase();
      else await this.set();
    }
  }

  for (let seed = 1; seed <= 16; seed += 1) {
    it(`is as the model says, and as the journal says (seed ${seed})`, async () => {
      const { redis } = line;
      const event = await line.event({
        window: 20,
        capacity: 15,
        refillPerSec: 3,
        claimMs: 12_000,
        expireNearMs,
        expireFarMs: 120_000,
        tiers: '1-10=0,11-20=1500,21-=4000',
      });
      const settings = parseSettings(await redis.hgetall(event.keys.meta));
      const run = new Run(
        event,
        new LineModel(settings, { tokensMicro: 15_000_000, refilledAtUs: t0Us }),
        seed,
      );
      for (let step = 0; step < steps; step += 1) {
        await run.step();
        if (step % 25 !== 0 && step !== steps - 1) continue;
        const states = await expectSound(redis, event);
        run.model.expectOnePlaceEach();
        expect([...states].sort(([a], [b]) => a - b)).toEqual([...run.model.states]);
        for (const state of states.values()) seen.set(state, (seen.get(state) ?? 0) + 1);
        const bucket = await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt');
        const { tokensMicro, refilledAtUs } = run.model.bucket;
        expect(bucket).toEqual([String(tokensMicro), String(refilledAtUs)]);
      }
    });
  }

  it('has been in every state often enough for this to mean something', () => {
    expect([...seen.keys()].sort()).toEqual(['entered', 'expired', 'left', 'silent', 'unclaimed', 'waiting']);
    expect(Math.min(...seen.values())).toBeGreaterThan(500);
  });
});
