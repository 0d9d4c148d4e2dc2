import { CrowdOptionsError } from '../options.ts';
import { startBackends } from './backends.ts';
import { parseBackendsFlags, usage } from './flags.ts';

/** Serves until told to stop. Exit 0 then, 2 for bad flags, 1 for a port that is taken. */
async function main(args: readonly string[]): Promise<void> {
  const { options, help, untilStdinEnds } = parseBackendsFlags(args);
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const stopped = Promise.withResolvers<void>();
  process.on('SIGINT', () => stopped.resolve());
  process.on('SIGTERM', () => stopped.resolve());
  if (untilStdinEnds) {
    process.stdin
      .on('end', () => stopped.resolve())
      .on('error', () => stopped.resolve())
      .resume();
  }
  const { reservation, inventory, payment, control, close } = await startBackends(options);
  const controlled = control === undefined ? '' : ` control=${control}`;
  process.stdout.write(
    `ready reservation=${reservation} inventory=${inventory} payment=${payment}${controlled}\n`,
  );
  await stopped.promise;
  await close();
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  const isBadFlag = error instanceof CrowdOptionsError;
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  if (isBadFlag) process.stderr.write('hint: --help lists the flags\n');
  process.exit(isBadFlag ? 2 : 1);
}
