/** What one iteration of each kind of load does. */
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
import { Crowd } from './crowd.js';
import { patienceSec } from './target.js';

/** Iterations in which nobody was due and nobody may join. */
const idle = new Counter('tacos_idle');

/** Share of the joins of a crowd that are sent twice. */
const crowdRepeatShare = 0.05;
/** Of one virtual user: more could not be polled on time. */
const crowdMax = 2_000;

let crowd;

/** Two visitors, one after the other, until both are through or patience ends. */
export function couple() {
  const pair = new Crowd({ repeatShare: 1 });
  const endMs = Date.now() + patienceSec * 1000;
  pair.join();
  pair.join();
  for (let dueMs = pair.dueMs; dueMs !== undefined && dueMs < endMs; dueMs = pair.dueMs) {
    sleep(Math.max(0, dueMs - Date.now()) / 1000);
    pair.serve();
  }
}

/** One joins; whoever of this virtual user's is due is polled. */
export function joiner() {
  crowd ??= new Crowd({ repeatShare: crowdRepeatShare, pollsMax: 2 });
  crowd.join();
  while (crowd.serve()) {
    // Until nobody is due.
  }
}

/** One request: a poll that is due, else a join. */
export function request() {
  crowd ??= new Crowd({ repeatShare: crowdRepeatShare });
  if (crowd.serve()) return;
  if (crowd.count < crowdMax) crowd.join();
  else idle.add(1);
}
