/** A helper process of the bench that answers one question at a time over IPC. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { gatewayNodeFlags } from '../../../src/contract/gateway-runtime.ts';

/** `Ask` = what it is sent, `Reply` = what `{result}` holds when it answers. */
export class Child<Ask extends object, Reply> {
  private readonly process: ChildProcess;

  /** `name` = file of dist/bench without .js; its source says what it does. */
  constructor(name: string) {
    // Benches and chunks are both one folder deep in dist.
    const file = fileURLToPath(new URL(`../bench/${name}.js`, import.meta.url));
    // The pauses of its own garbage collection would be counted against the gateway; between jobs it may ask for one.
    this.process = fork(file, { stdio: 'inherit', execArgv: [...gatewayNodeFlags, '--expose-gc'] });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** @throws Error with what the process reported, or when it ended */
  ask(question: Ask): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void =>
        reject(new Error(`a helper process ended with code ${code}`));
      this.process.once('exit', onExit);
      this.process.once('message', (answer: { result: Reply } | { error: string }) => {
        this.process.off('exit', onExit);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.result);
      });
      this.process.send(question);
    });
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.disconnect();
    await ended;
  }
}

/** The helper process's side: answers each question, and closes and ends when nobody asks any more. */
export function answerWith<Ask, Reply>(
  work: (question: Ask) => Promise<Reply>,
  close: () => Promise<void> = async () => {},
): void {
  process.on('message', (question: Ask) => {
    work(question).then(
      (result) => process.send?.({ result }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => void close().finally(() => process.exit()));
}
