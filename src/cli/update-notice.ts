/** Once a day: a line when the server wants a newer tacos than this one. Nothing is ever fetched for it elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdminApi } from './admin-api.ts';
import type { GlobalFlags } from './cli.ts';
import { isForPrograms } from './output/formats.ts';
import { cacheFolder } from './paths.ts';
import { writePrivate } from './private-file.ts';
import type { Runtime } from './runtime.ts';

const dayMs = 86_400_000;

/** The line to show at the end; undefined = none is due, or the server is content. Never rejects. */
export async function noticeOf(
  runtime: Runtime,
  { output, quiet }: Pick<GlobalFlags, 'output' | 'quiet'>,
  api: Pick<AdminApi, 'version'>,
): Promise<string | undefined> {
  const { env, stderr, clock, version } = runtime;
  if (stderr.isTTY !== true || env.CI || env.TACOS_NO_UPDATE_NOTIFIER || quiet || isForPrograms(output)) {
    return undefined;
  }
  const file = join(cacheFolder(runtime), 'version-asked');
  if (clock.now() - lastAsked(file) < dayMs) return undefined;
  try {
    const { minCliVersion } = await api.version();
    writePrivate(file, `${clock.now()}\n`);
    if (minCliVersion === undefined || !isOlder(version, minCliVersion)) return undefined;
    return `note: this is tacos ${version}; the server is tested with ${minCliVersion} and newer`;
  } catch {
    return undefined;
  }
}

/** Whether a version comes before another, by its three numbers. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(/[.+-]/, 3).map(Number)) as [
    number[],
    number[],
  ];
  for (const at of [0, 1, 2]) {
    const difference = (left[at] || 0) - (right[at] || 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function lastAsked(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    return 0;
  }
}
