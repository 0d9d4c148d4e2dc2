/** The folder in which one `tacos up` lives: its keys, its operator's token, its Redis and its logs. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What the context `local` needs to know of a running `tacos up`; stored as context.json. */
export interface LocalContext {
  /** The admin API. */
  readonly server: string;
  readonly tokenFile: string;
  readonly gateway: string;
  readonly pid: number;
  readonly environment: string;
}

/** Secrets that are made once and kept, so that tokens outlive a restart. */
export interface LocalSecrets {
  readonly waitingTokenKeys: string;
  readonly reservationTokenKeys: string;
  readonly operatorToken: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where state lives: $XDG_STATE_HOME/tacos, default ~/.local/state/tacos. */
export const stateDir = (env: Environment): string =>
  join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'tacos');

/** The data folder: --data-dir, else TACOS_DATA_DIR, else `up` in the state folder. */
export const dataDirOf = (env: Environment, flag?: string): string =>
  flag ?? env.TACOS_DATA_DIR ?? join(stateDir(env), 'up');

/** Another `tacos up` runs in this folder. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
}

export class DataDir {
  readonly path: string;
  private readonly pointer: string;

  constructor(path: string, env: Environment) {
    this.path = path;
    this.pointer = join(stateDir(env), 'local.json');
  }

  get logs(): string {
    return join(this.path, 'logs');
  }

  get redis(): string {
    return join(this.path, 'redis');
  }

  /** The operator's token for people. */
  get tokenFile(): string {
    return join(this.path, 'token');
  }

  /** Takes the folder for this process. @throws DataDirInUse while another one has it */
  take(): void {
    for (const folder of [this.path, this.logs, this.redis])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = join(this.path, 'pid');
    for (let tries = 0; ; tries += 1) {
      try {
        const file = openSync(lock, 'wx', 0o600);
        writeSync(file, String(process.pid));
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 3) throw error;
      }
      const owner = Number(readFileSync(lock, 'utf8'));
      if (isAlive(owner)) {
        throw new DataDirInUse(
          `another tacos up (pid ${owner}) runs in ${this.path}; stop it or choose another --data-dir`,
        );
      }
      rmSync(lock, { force: true });
    }
  }

  /** The kept secrets, made on first use; only this user can read them. */
  secrets(): LocalSecrets {
    return {
      waitingTokenKeys: this.kept('waiting-token-keys', () => `k1:${randomBytes(32).toString('base64url')}`),
      reservationTokenKeys: this.kept(
        'reservation-token-keys',
        () => `k1:${randomBytes(32).toString('base64url')}`,
      ),
      operatorToken: this.kept('token', () => randomBytes(24).toString('base64url')),
    };
  }

  /** Makes the context `local` point here. */
  publish(context: LocalContext): void {
    writeFileSync(join(this.path, 'context.json'), `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600 });
    mkdirSync(dirname(this.pointer), { recursive: true, mode: 0o700 });
    writeFileSync(this.pointer, `${JSON.stringify({ dataDir: this.path, pid: process.pid })}\n`, {
      mode: 0o600,
    });
  }

  /** Gives the folder back; secrets and Redis's data stay. */
  release(): void {
    rmSync(join(this.path, 'context.json'), { force: true });
    rmSync(join(this.path, 'pid'), { force: true });
    try {
      const { pid } = JSON.parse(readFileSync(this.pointer, 'utf8')) as { pid?: number };
      if (pid === process.pid) rmSync(this.pointer, { force: true });
    } catch {
      // No pointer, or somebody else's: nothing of ours to remove.
    }
  }

  private kept(name: string, make: () => string): string {
    const path = join(this.path, name);
    if (!existsSync(path)) writeFileSync(path, `${make()}\n`, { mode: 0o600 });
    return readFileSync(path, 'utf8').trim();
  }
}

/** Whether a process of this id runs. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
