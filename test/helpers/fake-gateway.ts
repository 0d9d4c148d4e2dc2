/** A program of its own: the gateway's processes, over a line without Redis. Takes the gateway's arguments. */
import { runGateway } from '../../src/gateway/run.ts';
import { FakeLine } from './fake-line.ts';

await runGateway({
  argv: process.argv.slice(2),
  environment: process.env,
  buildLine: async () => {
    const failure = process.env.FAKE_LINE_FAILURE;
    if (failure !== undefined) throw new Error(failure);
    const line = new FakeLine();
    // It says that somebody has come, and is so slow that a test can stop the gateway meanwhile.
    line.onJoin = () => {
      process.stdout.write('joining\n');
      return new Promise((resolve) => {
        setTimeout(() => resolve({ ok: false, code: 'QUEUE_FULL' }), 2_000);
      });
    };
    return line;
  },
});
