/** The users of Redis as docs/operate/redis.md gives them to operators. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './processes.ts';
import type { TestRedis } from './redis.ts';

/** Whose stands in the guide as GATEWAY_PASSWORD, and so on. */
export const userPasswords = {
  gateway: 'gateway-password-of-this-test',
  admin: 'admin-password-of-this-test',
  sentinel: 'sentinel-password-of-this-test',
};

/**
 * Lines of an ACL file: those users whose names begin so, with the passwords above.
 *
 * @throws Error where the guide names none
 */
export function guideUsers(prefix: string): string[] {
  const guide = readFileSync(join(root, 'docs/operate/redis.md'), 'utf8');
  const lines = guide.split('\n').filter((line) => line.startsWith(`user ${prefix}`));
  if (lines.length === 0) throw new Error(`the guide has no user ${prefix}`);
  return lines.map((line) =>
    line.replace(
      /([A-Z]+)_PASSWORD/,
      (_, who: string) => userPasswords[who.toLowerCase() as keyof typeof userPasswords],
    ),
  );
}

/** Adds them to servers that run. */
export async function addGuideUsers(servers: readonly TestRedis[], prefix: string): Promise<void> {
  for (const line of guideUsers(prefix)) {
    const [, name = '', ...rules] = line.split(' ');
    for (const server of servers) await server.client().call('ACL', 'SETUSER', name, ...rules);
  }
}
