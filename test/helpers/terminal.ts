/** A program in a pseudo-terminal, its screen kept by a real terminal emulator. */
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { root } from './processes.ts';

export interface TerminalOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly columns: number;
  readonly rows: number;
  /** Program; default bin/tacos. */
  readonly file?: string;
}

export interface Terminal {
  readonly pid: number;
  /** Lines of the visible screen, right-trimmed. */
  screen(): string[];
  /** The same in one text. */
  text(): string;
  /** Every byte that the program wrote. */
  raw(): string;
  /** Whether the alternate screen is shown. */
  isAlternate(): boolean;
  isCursorHidden(): boolean;
  /** Whether a cell of the visible screen is dim, from 0. */
  isDim(row: number, column: number): boolean;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the screen once it satisfies. @throws Error with the last screen */
  until(what: string, holds: (screen: string[]) => boolean, withinMs?: number): Promise<string[]>;
  readonly ended: Promise<{ code: number; signal: number | undefined }>;
  /** Told of each chunk that was written, with the time, ms. */
  onBytes(listener: (bytes: string, atMs: number) => void): void;
  close(): Promise<void>;
}

/** Starts it. The program is killed when the test process ends. */
export function openTerminal(options: TerminalOptions): Terminal {
  const { columns: cols, rows } = options;
  const emulator = new xterm.Terminal({ cols, rows, scrollback: 2_000, allowProposedApi: true });
  const env = {
    ...process.env,
    ...options.env,
    TERM: options.env.TERM ?? 'xterm-256color',
    NODE_OPTIONS: '',
  };
  const unset = ['CI', 'NO_COLOR', 'FORCE_COLOR', 'SSH_CONNECTION', 'VITEST'].filter(
    (name) => !(name in options.env),
  );
  for (const name of unset) delete (env as Record<string, string | undefined>)[name];
  const pty: IPty = spawn(options.file ?? `${root}bin/tacos`, [...options.argv], {
    name: 'xterm-256color',
    cols,
    rows,
    cwd: root,
    env: env as Record<string, string>,
  });
  const kill = (): void => pty.kill('SIGKILL');
  process.once('exit', kill);
  let raw = '';
  const listeners: ((bytes: string, atMs: number) => void)[] = [];
  pty.onData((data) => {
    raw += data;
    for (const listener of listeners) listener(data, performance.now());
    emulator.write(data);
  });
  // What the emulator answers, such as where the cursor is, goes back as typed.
  emulator.onData((data) => pty.write(data));
  const ended = new Promise<{ code: number; signal: number | undefined }>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      process.off('exit', kill);
      // Once the emulator has taken in the last bytes too.
      emulator.write('', () => resolve({ code: exitCode, signal }));
    });
  });
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const screen = (): string[] => {
    const { active } = emulator.buffer;
    return Array.from({ length: emulator.rows }, (_, at) =>
      // A line that was longer before a resize still has its cells beyond the edge.
      (active.getLine(active.viewportY + at)?.translateToString(true, 0, emulator.cols) ?? '').trimEnd(),
    );
  };
  return {
    pid: pty.pid,
    screen,
    text: () => screen().join('\n'),
    raw: () => raw,
    isAlternate: () => emulator.buffer.active.type === 'alternate',
    isCursorHidden: () => raw.lastIndexOf('\u001b[?25l') > raw.lastIndexOf('\u001b[?25h'),
    isDim(row, column) {
      const { active } = emulator.buffer;
      const dim = active
        .getLine(active.viewportY + row)
        ?.getCell(column)
        ?.isDim();
      return (dim ?? 0) !== 0;
    },
    type: (keys) => pty.write(keys),
    resize(columns, height) {
      emulator.resize(columns, height);
      pty.resize(columns, height);
    },
    signal: (signal) => process.kill(pty.pid, signal),
    async until(what, holds, withinMs = 15_000) {
      const deadline = performance.now() + withinMs;
      for (;;) {
        const now = screen();
        if (holds(now)) return now;
        if (performance.now() > deadline || hasEnded) {
          throw new Error(`the screen never showed ${what}:\n${now.join('\n')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    ended,
    onBytes: (listener) => listeners.push(listener),
    async close() {
      if (!hasEnded) kill();
      await ended;
      emulator.dispose();
    },
  };
}
