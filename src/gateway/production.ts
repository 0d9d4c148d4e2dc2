/** What development and tests start with, all of it public, and what production therefore refuses. */
import type { Shown, Values } from '../contract/config.ts';
import { developmentKeyProblems } from '../contract/development-keys.ts';
import { isDevToken } from './auth/dev-tokens.ts';
import { variables } from './variables.ts';

/** Signs what /auth/login gives out where no secret is set. */
export const developmentJwtSecret = 'jwt-secret-for-development-and-tests-only';

const secretCharsMin = 32;

/** All that must not be so in production, each with its variable. */
export function problemsInProduction(values: Values<typeof variables>, shown: readonly Shown[]): string[] {
  const problems: string[] = [];
  for (const name of ['WAITING_TOKEN_KEYS', 'RESERVATION_TOKEN_KEYS'] as const) {
    const isMissing = shown.some((each) => each.name === name && each.text === '');
    if (isMissing) problems.push(`${name} is not set: production needs ${variables[name].allowed}`);
    problems.push(...developmentKeyProblems(name, values[name] ?? []));
  }
  if (values.EVENTS_AUTO_CREATE) {
    problems.push(
      'EVENTS_AUTO_CREATE is "true": in production it must be false, as operators make the events there',
    );
  }
  return [...problems, ...problemsOfSignIn(values)];
}

function problemsOfSignIn(values: Values<typeof variables>): string[] {
  const { JWT_SECRET: secret, JWT_JWKS_ENDPOINT: endpoint } = values;
  const problems: string[] = [];
  if (secret === developmentJwtSecret || (secret !== undefined && isDevToken(secret))) {
    problems.push('JWT_SECRET is ***: in production it must be a secret, and this one is public');
  } else if (secret !== undefined && secret.length < secretCharsMin) {
    problems.push(`JWT_SECRET is ***: in production it must be ${secretCharsMin} to 512 characters`);
  }
  if (endpoint === undefined) return problems;
  if (!isSafe(endpoint)) {
    problems.push(
      `JWT_JWKS_ENDPOINT is ${JSON.stringify(endpoint)}: in production it must be an https address, unless it is on this machine`,
    );
  }
  for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const) {
    if (values[name] !== undefined) continue;
    problems.push(
      `${name} is not set: with JWT_JWKS_ENDPOINT production needs it, to refuse tokens meant for others`,
    );
  }
  return problems;
}

/** Keys that come over an open network could be anybody's. */
function isSafe(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
