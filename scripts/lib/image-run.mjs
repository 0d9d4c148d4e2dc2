import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How the image's files are run without an engine: nothing can be written anywhere, not even /tmp; the user is the
 * image's; no capability, no new privileges; loopback is this machine's.
 */
function command({ files, config }, { argv, env, isAlone }) {
  const id = /^\d+/.exec(config.User)?.[0] ?? '0';
  const all = [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  // A child sees every process of the machine, as a healthcheck sees those of its container.
  const alone = isAlone
    ? ['--unshare-pid', '--as-pid-1', '--proc', '/proc']
    : ['--ro-bind', '/proc', '/proc'];
  return [
    ...[
      'setpriv',
      '--reuid',
      id,
      '--regid',
      id,
      '--clear-groups',
      '--bounding-set',
      '-all',
      '--no-new-privs',
    ],
    ...['bwrap', '--unshare-user', '--ro-bind', files, '/', ...alone, '--dev', '/dev', '--die-with-parent'],
    ...['--chdir', config.WorkingDir, '--clearenv'],
    ...all.flatMap((each) => [
      '--setenv',
      each.slice(0, each.indexOf('=')),
      each.slice(each.indexOf('=') + 1),
    ]),
    ...argv,
  ];
}

/** Runs a program of the image to its end. @returns {{status: number | null, stdout: string, stderr: string}} */
export function runInImage(image, argv, env = {}) {
  const [program, ...args] = command(image, { argv, env, isAlone: false });
  return spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
}

/**
 * Starts the image with these arguments, as process 1 of its own.
 *
 * @returns {{pid(): number, output(): string, stop(): Promise<number | null>}} pid: of process 1, as the machine numbers
 *   it; stop: SIGTERM to it, then its exit code
 */
export function startImage(image, args, env) {
  const argv = [...image.config.Entrypoint, ...args];
  const [program, ...rest] = command(image, { argv, env, isAlone: true });
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  const pid = () => childOf(child.pid);
  return {
    pid,
    output: () => said,
    async stop() {
      process.kill(pid(), 'SIGTERM');
      const [code] = await ended;
      process.off('exit', kill);
      return code;
    },
  };
}

/** bwrap stays outside; its child is process 1. */
function childOf(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return Number(stdout.trim().split('\n')[0]);
}

/** Asks until it answers with that status. @throws Error after the limit, with the last words of the program */
export async function untilStatus({ url, status, withinMs = 20_000, output }) {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const reply = await fetch(url).catch(() => undefined);
    const body = await reply?.text();
    if (reply?.status === status) return body;
    if (performance.now() > endMs) {
      throw new Error(
        `${url} said ${reply?.status ?? 'nothing'}, not ${status}:\n${body ?? ''}\n${output()}`,
      );
    }
    await sleep(100);
  }
}
