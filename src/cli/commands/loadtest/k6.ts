/** k6 itself: where it is, and how it is got. */
import { spawnSync } from 'node:child_process';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { Runtime } from '../../runtime.ts';

const oldest = { major: 1, minor: 4 };

export interface K6 {
  readonly path: string;
  /** Such as `1.4.0`. */
  readonly version: string;
}

/** Finds k6: --k6, then TACOS_K6, then PATH. @throws CliError (11) with what installs it */
export function findK6({ env, platform }: Pick<Runtime, 'env' | 'platform'>, flag: string | undefined): K6 {
  const path = flag ?? (env.TACOS_K6 || 'k6');
  const { stdout } = spawnSync(path, ['version'], { encoding: 'utf8', env: env as NodeJS.ProcessEnv });
  const [, version, major, minor] = /\bv((\d+)\.(\d+)[\w.+-]*)/.exec(stdout ?? '') ?? [];
  if (version === undefined) {
    const named = flag === undefined ? (env.TACOS_K6 ? `TACOS_K6 "${path}"` : undefined) : `--k6 "${path}"`;
    throw missing(named === undefined ? 'k6 is not installed' : `${named} is no k6`, platform);
  }
  const isNew =
    Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor);
  if (isNew) return { path, version };
  throw missing(
    `k6 is version ${version}; tacos loadtest needs ${oldest.major}.${oldest.minor} or newer`,
    platform,
  );
}

/** The command that installs k6 on a platform. */
export function installCommand(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'brew install k6';
  if (platform === 'win32') return 'winget install k6 --source winget';
  return 'go install go.k6.io/k6@v1.4.0';
}

const missing = (message: string, platform: NodeJS.Platform): CliError =>
  new CliError(message, {
    code: 'K6_MISSING',
    exitCode: exitCodes.programMissing,
    why: 'nothing was sent; --k6 or TACOS_K6 names one that is elsewhere (https://grafana.com/docs/k6/latest/set-up/install-k6)',
    hint: installCommand(platform),
  });
