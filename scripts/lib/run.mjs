import { spawn, spawnSync } from 'node:child_process';

const parentCheckMs = 200;

/**
 * Runs a command in the foreground and ends this process the way the command ended: same exit code,
 * or same signal. Ctrl-C at a terminal reaches the command by itself, because the terminal signals the
 * whole group, so it is passed on only when there is no terminal; else the command would get it twice.
 * A SIGTERM to npm reaches the shell between npm and this process, and no further: the loss of that
 * parent counts as one.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<never>}
 */
export function runInForeground(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, parentCheckMs);
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (signal === null) process.exit(code ?? 1);
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  });
}

/** Whether a command is there and ends well; what it says goes nowhere. */
export function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
