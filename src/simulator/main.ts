import { runCrowd } from './crowd.ts';
import { parseFlags, type SimulatorFlags, usage } from './flags.ts';
import { CrowdOptionsError } from './options.ts';
import { renderReport } from './report-text.ts';

/** Runs the crowd of the command line and prints its report. Exit 0 when it ended or was stopped, 2 for bad flags. */
async function main(args: readonly string[]): Promise<void> {
  const flags = parseFlags(args);
  if (flags.help) return print(usage);
  const report = await runCrowd(flags.crowd, { signal: stopSignal(flags) });
  await print(flags.report === 'json' ? `${JSON.stringify(report)}\n` : renderReport(report));
}

/** Aborts at SIGINT or SIGTERM, and at the end of standard input if asked. */
function stopSignal({ untilStdinEnds }: SimulatorFlags): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (untilStdinEnds) process.stdin.on('end', stop).on('error', stop).resume();
  return controller.signal;
}

/** Done when written, however slow the reader; a reader that has gone is no error. */
function print(text: string): Promise<void> {
  process.stdout.on('error', () => process.exit(0));
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  if (!(error instanceof CrowdOptionsError)) throw error;
  process.stderr.write(`error: ${error.message}\nhint: --help lists the flags\n`);
  process.exit(2);
}
