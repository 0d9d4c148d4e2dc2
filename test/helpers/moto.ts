/** moto's server: AWS services on this machine, for what is proved against DynamoDB or Secrets Manager. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensurePythonTool } from '../../scripts/lib/python-tool.mjs';

/** A server of its own, empty. It ends with the test process, however that ends. */
export interface Moto {
  readonly url: string;
  /** What an AWS SDK needs in its environment to talk to it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const packages = ['moto[server]==5.1.*'];
const startLimitMs = 60_000;

/** Starts a server. The first time ever it is installed, which takes about a minute. @throws Error with its last words */
export async function startMoto(): Promise<Moto> {
  const program = await ensurePythonTool({ name: 'moto', packages, bin: 'moto_server' });
  // The shell ends the server when this process, which alone holds its stdin open, is gone.
  const script = '"$1" -H 127.0.0.1 -p 0 <&- & server=$!; read -r _; kill $server; wait $server';
  const child = spawn('sh', ['-c', script, 'sh', program], { stdio: ['pipe', 'pipe', 'pipe'] });
  const port = await new Promise<string>((resolve, reject) => {
    let said = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.stdin.end();
      reject(new Error(`moto_server ${why}\n${said}`));
    };
    const timer = setTimeout(() => fail('did not start in time'), startLimitMs);
    const read = (text: string): void => {
      said += text;
      const match = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said);
      if (match === null) return;
      clearTimeout(timer);
      resolve(match[1] ?? '');
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('close', () => fail('ended'));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'eu-west-1',
    },
    stop: async () => {
      const closed = once(child, 'close');
      child.stdin.end('stop\n');
      await closed;
    },
  };
}
