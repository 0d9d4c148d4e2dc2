/** Operations on many places, for tests: started and carried on at test times. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobStart, StepReply } from '../../src/queue/job-store.ts';
import type { EventRef, Store } from '../../src/queue/store.ts';
import { at } from './line.ts';

let jobs = 0;

/** Starts a job under an audit id of its own at a test time. */
export async function startAt(
  store: Store,
  event: EventRef,
  sec: number,
  job: Pick<JobStart, 'kind' | 'all' | 'silentForMs' | 'seqs' | 'undoes'> & { changeId?: string },
) {
  jobs += 1;
  const auditId = `aud_${jobs}`;
  const own = { auditId, changeId: `job ${jobs}`, audit: '{}', nowUs: at(sec) };
  return { auditId, reply: await store.startJob(event, { ...own, ...job }) };
}

/** Steps until the job has finished; answers its last step. */
export async function finishAt(store: Store, event: EventRef, sec: number, limit = 500): Promise<StepReply> {
  for (let batch = 0; batch < 1_000; batch += 1) {
    const step = await store.stepJob(event, { limit, nowUs: at(sec) });
    if (step.word === 'idle' || !step.more) return step;
    if (batch % 50 === 49) await sleep(0);
  }
  throw new Error('the job does not end');
}

/** A whole job at one test time; answers its audit id and how many places it touched. */
export async function runAt(store: Store, event: EventRef, sec: number, job: Parameters<typeof startAt>[3]) {
  const { auditId, reply } = await startAt(store, event, sec, job);
  if (reply.word !== 'started') throw new Error(`the job was not started: ${reply.word}`);
  const step = await finishAt(store, event, sec);
  return { auditId, places: step.word === 'stepped' ? step.places : 0 };
}
