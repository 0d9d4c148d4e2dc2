/** The operators' side, all real: a fleet of gateways, admin processes, and the `tacos` command as several people. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts';
import { type Program, root, startProgram } from './processes.ts';
import { openTerminal, type Terminal } from './terminal.ts';

export type Person = 'vera' | 'omar' | 'olga' | 'ada';

/** Who they are: a viewer, two operators and an admin. */
export const roleOf = { vera: 'viewer', omar: 'operator', olga: 'operator', ada: 'admin' } as const;

/** What they sign in with. */
export const tokenOf = (person: Person): string => `token-of-${person}-0123456789abcdef`;

export interface Admin extends Program {
  readonly url: string;
}

/** What a command came to. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

export interface RunOptions {
  /** Default omar. */
  readonly as?: Person;
  /** Admin API to talk to; default the first one. */
  readonly server?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Office extends Fleet {
  readonly admins: readonly Admin[];
  /** Starts one more admin process, of the build in `dist` (default: this checkout's). */
  addAdmin(env?: Readonly<Record<string, string>>, dist?: string): Promise<Admin>;
  /** What `tacos queue get -o json` shows, asked without the cost of a command: for those who look until it is so. */
  snapshot(event: string, server?: string): Promise<QueueSnapshot>;
  /** Runs one command through pipes. */
  tacos(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Opens one in a terminal of that size. */
  terminal(argv: readonly string[], options: RunOptions & { columns: number; rows: number }): Terminal;
  /** Every byte that any command wrote so far. */
  captured(): string;
  /** Home of the commands: their config, state and cache. */
  readonly home: string;
}

/** Starts it. */
export async function openOffice(
  options: FleetOptions & { admins?: number; adminEnv?: Readonly<Record<string, string>> } = {},
): Promise<Office> {
  const fleet = await startFleet(options);
  const home = await mkdtemp(join(tmpdir(), 'tacos-office-'));
  const people = Object.entries(roleOf) as [Person, string][];
  const ADMIN_TOKENS = people.map(([name, role]) => `${role}:${name}:${tokenOf(name)}`).join(',');
  const admins: Admin[] = [];
  let captured = '';
  const addAdmin = async (env: Readonly<Record<string, string>> = {}, dist = 'dist'): Promise<Admin> => {
    const program = await startProgram({
      argv: [`${dist}/admin-api/main.js`],
      env: { ...fleet.env, ADMIN_ADDRESS: '127.0.0.1:0', ADMIN_TOKENS, ...options.adminEnv, ...env },
      ready: /^listening (https?:\S+)$/m,
      withinMs: 60_000,
    });
    const admin = Object.assign(program, { url: program.ready[1] ?? '' });
    admins.push(admin);
    return admin;
  };
  const envOf = ({ as = 'omar', server, env }: RunOptions): Record<string, string> => ({
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    TACOS_DATA_DIR: join(home, 'data'),
    TACOS_SERVER: server ?? admins[0]?.url ?? '',
    TACOS_TOKEN: tokenOf(as),
    LANG: 'C.UTF-8',
    ...env,
  });
  await Promise.all(Array.from({ length: options.admins ?? 1 }, () => addAdmin()));
  const terminals: Terminal[] = [];
  return Object.assign(Object.create(fleet, Object.getOwnPropertyDescriptors(fleet)) as Fleet, {
    admins,
    addAdmin,
    home,
    async snapshot(event: string, server = admins[0]?.url) {
      const answer = await fetch(`${server}/admin/v1/events/${event}/snapshot`, {
        headers: { authorization: `Bearer ${tokenOf('omar')}` },
      });
      if (!answer.ok) throw new Error(`the snapshot of ${event}: ${answer.status}`);
      return (await answer.json()) as QueueSnapshot;
    },
    captured: () => captured + terminals.map((terminal) => terminal.raw()).join(''),
    tacos(argv: readonly string[], run: RunOptions = {}) {
      const startedMs = performance.now();
      const child = spawn(`${root}bin/tacos`, argv, {
        cwd: tmpdir(),
        env: { ...process.env, NODE_OPTIONS: '', ...envOf(run) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const out = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          out[name] += text;
          captured += text;
        });
      }
      return new Promise<Ran>((resolve) => {
        child.on('close', (code) => resolve({ code, ...out, tookMs: performance.now() - startedMs }));
      });
    },
    terminal(
      argv: readonly string[],
      { columns, rows, ...run }: RunOptions & { columns: number; rows: number },
    ) {
      const terminal = openTerminal({ argv, env: envOf(run), columns, rows });
      terminals.push(terminal);
      return terminal;
    },
    async stop() {
      await Promise.all(terminals.map((terminal) => terminal.close()));
      await Promise.all(admins.map((admin) => admin.stop()));
      await fleet.stop();
      await rm(home, { recursive: true, force: true });
    },
  });
}
