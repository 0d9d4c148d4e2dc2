/** ADMIN_OIDC_ISSUERS: whose tokens are taken, and which of their claims gives which role. */
import { z } from 'zod';
import { type Role, roles } from '../../contract/admin-api.ts';

/** What a variable of issuers may hold, in words that end "it must be …". */
export const issuersAllowed =
  'a JSON list of {issuer, audience, claim, roles: {viewer, operator, admin}, and where wanted clientId, scope, name}';

/** Scope that `tacos auth login` asks for unless the issuer says otherwise. */
const defaultScope = 'openid profile email offline_access';

const printable = z
  .string()
  .min(1)
  .max(512)
  .regex(/^\P{Cc}*$/u, 'no control characters');
const claimValues = z.array(printable).max(200).default([]);

const issuerSchema = z.strictObject({
  /** Exactly as the `iss` of its tokens; its keys are found through /.well-known/openid-configuration below it. */
  issuer: z
    .string()
    .max(512)
    .refine(isSafeUrl, 'an https address without query (http only for this machine itself)'),
  /** The `aud` that its tokens for this server carry. */
  audience: printable,
  /** Public client of `tacos auth login`; absent = nobody can log in there from the CLI. */
  clientId: printable.optional(),
  scope: printable.default(defaultScope),
  /** Claim that says what somebody may do: its name, or a path with dots such as realm_access.roles. */
  claim: printable,
  roles: z
    .strictObject({ viewer: claimValues, operator: claimValues, admin: claimValues })
    .refine(
      (map) => roles.some((role) => map[role].length > 0),
      'at least one value of the claim for a role',
    ),
  /** Claim with the name that the audit trail shows; absent = email, else sub. */
  name: printable.optional(),
});

/** One issuer as configured. */
export type OidcIssuer = z.output<typeof issuerSchema>;

/** The values of the claim that give a role. */
export type RoleMap = Readonly<Record<Role, readonly string[]>>;

/** Reads the variable's text; all that is wrong with it at once, each naming the entry and the field. */
export function parseIssuers(text: string): { issuers: OidcIssuer[]; problems: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { issuers: [], problems: [`it is no JSON: it must be ${issuersAllowed}`] };
  }
  const parsed = z.array(issuerSchema).min(1).max(16).safeParse(json);
  if (!parsed.success) return { issuers: [], problems: parsed.error.issues.map(sentenceOf) };
  const seen = new Set<string>();
  const problems = parsed.data.flatMap(({ issuer, audience }, index) => {
    const key = JSON.stringify([issuer, audience]);
    if (seen.has(key)) return [`entry ${index + 1}: the same issuer and audience stand in an earlier entry`];
    seen.add(key);
    return [];
  });
  return problems.length > 0 ? { issuers: [], problems } : { issuers: parsed.data, problems };
}

function sentenceOf({ path, message }: z.core.$ZodIssue): string {
  const [index, ...rest] = path;
  if (typeof index !== 'number') return `${message}: it must be ${issuersAllowed}`;
  const field = rest.length === 0 ? '' : ` ${rest.join('.')}:`;
  return `entry ${index + 1}:${field} ${message}`;
}

/** https, or http where the other end is this machine itself; nothing that would leak or change the address. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const isScheme = url.protocol === 'https:' || (url.protocol === 'http:' && isLocal);
  return isScheme && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
}
