/** A program of its own that asks as fast as it can: `node flood.ts SECONDS EVENT URL...`. Prints what it was answered, as JSON. */
import { Agent, request } from 'undici';

const [seconds = '5', event = '', ...urls] = process.argv.slice(2);
const connections = 96;
const untilMs = performance.now() + Number(seconds) * 1_000;
const agent = new Agent({ connections, headersTimeout: 10_000, bodyTimeout: 10_000 });
const answers: Record<string, number> = {};
let longestMs = 0;
let untold = 0;

async function ask(index: number): Promise<void> {
  for (let calls = index; performance.now() < untilMs; calls += 1) {
    const sentMs = performance.now();
    const answer = await request(`${urls[calls % urls.length]}/api/v1/queue/join`, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ event_id: event }),
    }).catch(() => undefined);
    await answer?.body.dump();
    const status = String(answer?.statusCode ?? 'none');
    answers[status] = (answers[status] ?? 0) + 1;
    longestMs = Math.max(longestMs, performance.now() - sentMs);
    const isRefused = status === '503' || status === '429';
    if (isRefused && answer?.headers['retry-after'] === undefined) untold += 1;
  }
}

await Promise.all(Array.from({ length: connections }, (_, index) => ask(index)));
await agent.destroy();
console.log(JSON.stringify({ answers, longestMs, untold }));
