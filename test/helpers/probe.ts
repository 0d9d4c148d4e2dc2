/** A worker that serves nobody and reports calls of backends: what gateways say of theirs, in the test's hand. */
import { type BackendCalls, formatBackends } from '../../src/queue/brake.ts';
import { formatFigures } from '../../src/queue/report-figures.ts';
import type { EventRef, Store } from '../../src/queue/store.ts';
import { idleFigures } from './idle-figures.ts';

export interface Probe {
  /** What it reports from now on. */
  say(calls: Omit<BackendCalls, 'backend' | 'failed'>): Promise<void>;
  stop(): Promise<void>;
}

const everyMs = 500;

/** Starts with calls that are well. */
export async function startProbe(store: Store, event: EventRef): Promise<Probe> {
  let bk = '';
  const report = async (revision: number): Promise<void> => {
    const figures = formatFigures({ ...idleFigures, v: 'probe', bk });
    await store.presence(event, { reporter: 'probe/w1', gateway: `probe ${figures}`, revision, records: '' });
  };
  const timer = setInterval(() => void report(1).catch(() => {}), everyMs);
  const probe: Probe = {
    async say(calls) {
      bk = formatBackends([{ backend: 'payment', failed: 0, ...calls }]);
      await report(1);
    },
    async stop() {
      clearInterval(timer);
      await report(-1);
    },
  };
  await probe.say({ calls: 100, slow: 0, p95Ms: 80 });
  return probe;
}
