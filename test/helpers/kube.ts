/** A real Kubernetes API of a test's own: etcd and kube-apiserver on free ports, and the controller-manager if asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import { findKubeTools } from '../../scripts/lib/kube-tools.mjs';
import { eventually } from './eventually.ts';
import { watch } from './redis.ts';

/** Folder of the programs; undefined = the tests of them are skipped. `npm run test:kube` builds them. */
export const kubeTools = findKubeTools();

/** What the report says where they are missing. */
export const kubeMissing =
  'etcd and kube-apiserver are missing, so nothing is tried against a real Kubernetes API: ' +
  '`npm run test:kube` builds them with Go, or KUBEBUILDER_ASSETS names their folder\n';

/** Users whose tokens the API takes; what each may do is for RBAC to say, but for root, who may do all. */
export const kubeUsers = ['root', 'tacos', 'nobody', 'argocd'] as const;
export type KubeUser = (typeof kubeUsers)[number];

const readyMs = 60_000;
const stopMs = 10_000;

/** A running API. */
export interface Kube {
  readonly url: string;
  /** Path of a kubeconfig for that user; `port`: of a proxy in front. */
  configOf(user: KubeUser, namespace?: string, port?: number): Promise<string>;
  /** Reads and writes any object as root. */
  readonly objects: KubernetesObjectApi;
  /** Ends kube-apiserver by SIGKILL; etcd stays. */
  killApi(): Promise<void>;
  startApi(): Promise<void>;
  /** Starts the controllers of Deployments, ReplicaSets and autoscalers. */
  startControllers(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; about 12 s. @throws with the last words of what does not start */
export async function startKube(): Promise<Kube> {
  const dir = await mkdtemp(join(tmpdir(), 'tacos-kube-'));
  const [client = 0, peer = 0, secure = 0, controllers = 0] = await freePorts(4);
  const url = `https://127.0.0.1:${secure}`;
  const running = new Map<string, Running>();
  const run = (name: string, args: readonly string[]): void => {
    running.set(name, launch(name, args, dir));
  };
  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    await running.get(name)?.end(signal);
    running.delete(name);
  };
  const stop = async (): Promise<void> => {
    await end('kube-controller-manager', 'SIGKILL');
    await end('kube-apiserver', 'SIGKILL');
    await end('etcd', 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  };
  const configOf: Kube['configOf'] = async (user, namespace = 'default', port = secure) => {
    const file = join(dir, `${user}-${namespace}-${port}.kubeconfig`);
    const certificate = await readFile(join(dir, 'certs/apiserver.crt'));
    await writeFile(file, JSON.stringify(kubeconfig({ port, user, namespace, certificate })));
    return file;
  };
  const startApi = async (): Promise<void> => {
    run('kube-apiserver', apiArgs({ dir, secure, client }));
    await running.get('kube-apiserver')?.ready(() => isReady(url));
  };
  try {
    const urls = { client: `http://127.0.0.1:${client}`, peer: `http://127.0.0.1:${peer}` };
    await writeKeys(dir);
    run('etcd', etcdArgs(dir, urls));
    await running.get('etcd')?.ready(async () => (await fetch(`${urls.client}/health`)).ok);
    await startApi();
    const config = new KubeConfig();
    config.loadFromFile(await configOf('root'));
    return {
      url,
      configOf,
      objects: KubernetesObjectApi.makeApiClient(config),
      killApi: () => end('kube-apiserver', 'SIGKILL'),
      startApi,
      async startControllers() {
        const file = await configOf('root');
        run('kube-controller-manager', controllerArgs(file, controllers));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Running {
  /** Resolves once `check` says so. @throws with what it wrote when it ends before, or takes too long */
  ready(check: () => Promise<boolean>): Promise<void>;
  end(signal: NodeJS.Signals): Promise<void>;
}

function launch(name: string, args: readonly string[], cwd: string): Running {
  const child: ChildProcess = spawn(join(kubeTools ?? '', name), args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const kill = (): void => void child.kill('SIGKILL');
  // However this process ends, the program does too, and its files go.
  const release = child.pid === undefined ? () => {} : watch(child.pid, name === 'etcd' ? cwd : undefined);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
  let hasEnded = false;
  const ended = once(child, 'close').finally(() => {
    hasEnded = true;
    release();
  });
  ended.catch(() => {});
  return {
    async ready(check) {
      const look = (): Promise<boolean> => (hasEnded ? Promise.resolve(true) : check());
      await eventually(look, { withinMs: readyMs, everyMs: 100 }).catch((error: unknown) => {
        throw new Error(`${name} was not ready: ${String(error)}\n${said}`);
      });
      if (hasEnded) throw new Error(`${name} ended:\n${said}`);
    },
    async end(signal) {
      if (hasEnded) return;
      child.kill(signal);
      const timer = setTimeout(kill, stopMs);
      await ended.catch(() => {});
      clearTimeout(timer);
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  const { Agent, fetch: ask } = await import('undici');
  // Only whether it answers is asked here; everything else checks its certificate.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    return (await ask(`${url}/readyz`, { dispatcher })).ok;
  } finally {
    await dispatcher.close();
  }
}

/** Ports that nobody listens on now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

const tokenOf = (user: KubeUser): string => `kube-token-of-${user}`;

async function writeKeys(dir: string): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  await writeFile(join(dir, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(join(dir, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const lines = kubeUsers.map(
    (user) => `${tokenOf(user)},${user},${user}${user === 'root' ? ',system:masters' : ''}\n`,
  );
  await writeFile(join(dir, 'tokens.csv'), lines.join(''));
}

const etcdArgs = (dir: string, { client, peer }: { client: string; peer: string }): string[] => [
  `--data-dir=${join(dir, 'etcd')}`,
  '--unsafe-no-fsync',
  `--listen-client-urls=${client}`,
  `--advertise-client-urls=${client}`,
  `--listen-peer-urls=${peer}`,
  `--initial-advertise-peer-urls=${peer}`,
  `--initial-cluster=default=${peer}`,
];

const apiArgs = ({ dir, secure, client }: { dir: string; secure: number; client: number }): string[] => [
  `--etcd-servers=http://127.0.0.1:${client}`,
  `--secure-port=${secure}`,
  '--bind-address=127.0.0.1',
  `--cert-dir=${join(dir, 'certs')}`,
  '--service-cluster-ip-range=10.0.0.0/24',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${join(dir, 'sa.pub')}`,
  `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
  `--token-auth-file=${join(dir, 'tokens.csv')}`,
  '--authorization-mode=RBAC',
  '--disable-admission-plugins=ServiceAccount',
];

const controllerArgs = (config: string, port: number): string[] => [
  `--kubeconfig=${config}`,
  '--controllers=horizontal-pod-autoscaler-controller,deployment-controller,replicaset-controller',
  '--leader-elect=false',
  '--horizontal-pod-autoscaler-sync-period=2s',
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
];

function kubeconfig(of: { port: number; user: KubeUser; namespace: string; certificate: Buffer }): object {
  const { port, user, namespace, certificate } = of;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': certificate.toString('base64'),
        },
      },
    ],
    users: [{ name: user, user: { token: tokenOf(user) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user, namespace } }],
    'current-context': 'test',
  };
}
