/** The password of Redis from AWS Secrets Manager (moto's), and its rotation while a gateway runs. */
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { joinAt } from '../helpers/fleet.ts';
import { type Moto, startMoto } from '../helpers/moto.ts';
import { startProgram } from '../helpers/processes.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const region = 'eu-west-1';
const name = 'tacos/redis';
const [first, second] = ['first-password-of-redis', 'second-password-of-redis'];

describe('the password of Redis in AWS Secrets Manager', () => {
  let moto: Moto;
  let redis: TestRedis;
  let secrets: SecretsManagerClient;
  beforeAll(async () => {
    [moto, redis] = await Promise.all([startMoto(), startRedis()]);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    secrets = new SecretsManagerClient({ region, endpoint: moto.url, credentials });
    await secrets.send(new CreateSecretCommand({ Name: name, SecretString: first }));
    await redis.client().call('ACL', 'SETUSER', 'tacos', 'on', `>${first}`, '~*', '&*', '+@all');
  }, 300_000);
  afterAll(async () => {
    secrets?.destroy();
    await Promise.all([moto?.stop(), redis?.stop()]);
  });

  const start = (env: Record<string, string> = {}) =>
    startProgram({
      argv: ['dist/gateway/main.js', '--port', '0', '--workers', '1'],
      env: {
        ...moto.env,
        SERVER_ENVIRONMENT: 'test',
        SERVER_GRPC_PORT: '0',
        REDIS_ADDRESS: `127.0.0.1:${redis.port}`,
        REDIS_USERNAME: 'tacos',
        REDIS_PASSWORD_FROM_SECRETS: 'true',
        AWS_SECRET_NAME: name,
        AWS_REGION: region,
        ...env,
      },
      ready: /^listening (http:\S+)$/m,
    });

  it('is read at the start, and again when Redis refuses the old one', async () => {
    const gateway = await start();
    try {
      const url = gateway.ready[1] ?? '';
      const joins = () =>
        eventually(async () => (await joinAt(url, 'evt_a')).status === 202, { withinMs: 15_000 });
      await joins();
      // Rotation: the secret in the form of AWS's own rotation functions, then Redis, then all connections are cut.
      const json = JSON.stringify({ username: 'tacos', password: second });
      await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: json }));
      const look = redis.client();
      await look.call('ACL', 'SETUSER', 'tacos', `>${second}`, `<${first}`);
      await look.call('CLIENT', 'KILL', 'USER', 'tacos');
      await joins();
      const { stdout, stderr } = gateway.output();
      expect(stdout + stderr).not.toMatch(new RegExp(`${first}|${second}`));
    } finally {
      await gateway.stop();
    }
  });

  it('that is not there stops the gateway, with what is wrong', async () => {
    await expect(start({ AWS_SECRET_NAME: 'tacos/other' })).rejects.toThrow(
      'the secret tacos/other of AWS Secrets Manager in eu-west-1 cannot be read (ResourceNotFoundException)',
    );
  });
});
