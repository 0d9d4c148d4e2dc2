/** An OpenID Connect issuer over HTTP: discovery, token requests, revocation. */
import { z } from 'zod';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { clean, parseClean } from '../output/clean.ts';

/** Longest wait for one answer of an issuer, ms. */
const answerMs = 10_000;
/** Largest answer that is read, bytes. */
const answerBytesMax = 256 * 1024;

const discoverySchema = z.object({
  issuer: z.string(),
  token_endpoint: z.url(),
  device_authorization_endpoint: z.url().optional(),
  revocation_endpoint: z.url().optional(),
});
/** Where an issuer takes what. */
export type Discovery = z.infer<typeof discoverySchema>;

const tokensSchema = z.object({
  access_token: z.string().min(1),
  id_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_in: z.number().positive().optional(),
});
/** Tokens as an issuer gives them. */
export type Tokens = z.infer<typeof tokensSchema>;

const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional() });

/** Answer to a form: what was asked for, or the issuer's refusal by its OAuth code. */
export type FormAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string; readonly text: string };

/** Whether tokens may travel there: TLS, or this machine. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
  );
}

/** Reads an issuer's description. @throws CliError (2 unsafe, 7 not reached, 1 not an issuer) */
export async function discover(issuer: string): Promise<Discovery> {
  if (!isSafeUrl(issuer))
    throw issuerError(`issuer ${issuer} is neither https nor on this machine`, exitCodes.usage);
  const { status, body } = await send(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`);
  const parsed = discoverySchema.safeParse(body);
  if (status !== 200 || !parsed.success) throw issuerError(`${issuer} does not describe itself as an issuer`);
  const { data } = parsed;
  // OpenID Connect Discovery 4.3: an issuer that calls itself otherwise must not be used.
  if (data.issuer.replace(/\/+$/, '') !== issuer.replace(/\/+$/, '')) {
    throw issuerError(`${issuer} calls itself ${clean(data.issuer)}`);
  }
  const ends = [data.token_endpoint, data.device_authorization_endpoint, data.revocation_endpoint];
  const unsafe = ends.find((end) => end !== undefined && !isSafeUrl(end));
  if (unsafe !== undefined) throw issuerError(`${issuer} names an end that is not https: ${unsafe}`);
  return data;
}

/** Sends a form. @throws CliError (7 not reached, 1 no JSON of that form) */
export async function postForm<T extends z.ZodType>(
  url: string,
  form: Readonly<Record<string, string>>,
  schema: T,
): Promise<FormAnswer<z.output<T>>> {
  const { status, body } = await send(url, form);
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(body);
    if (parsed.success) return { ok: true, value: parsed.data };
    throw issuerError(`the answer of ${url} is not of a known form`);
  }
  const refusal = refusalSchema.safeParse(body);
  if (!refusal.success)
    throw issuerError(`${url} answered ${status}`, status >= 500 ? exitCodes.unreachable : 1);
  const { error, error_description: text = error } = refusal.data;
  return { ok: false, error, text };
}

/** Asks for tokens with whatever grant. */
export const requestTokens = (
  { token_endpoint: url }: Discovery,
  form: Readonly<Record<string, string>>,
): Promise<FormAnswer<Tokens>> => postForm(url, form, tokensSchema);

/**
 * The token for the admin API, which verifies signatures: the access token where it is a JWT, else the ID token, as
 * many issuers give access tokens that only they can read.
 */
export function bearerOf({ access_token: access, id_token: id }: Tokens): string {
  const isJwt = access.split('.').length === 3;
  return isJwt ? access : (id ?? access);
}

async function send(
  url: string,
  form?: Readonly<Record<string, string>>,
): Promise<{ status: number; body: unknown }> {
  const { request } = await import('undici');
  try {
    const reply = await request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
      signal: AbortSignal.timeout(answerMs),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of reply.body) {
      bytes += (chunk as Buffer).length;
      if (bytes > answerBytesMax) throw new Error('the answer is too large');
      chunks.push(chunk as Buffer);
    }
    return { status: reply.statusCode, body: jsonOf(Buffer.concat(chunks).toString('utf8')) };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: string };
    const cause = typeof code === 'string' ? code : (message ?? String(error));
    throw issuerError(`${new URL(url).origin} cannot be reached: ${cause}`, exitCodes.unreachable);
  }
}

/** An error of the sign-in, not of the admin API. */
export const issuerError = (message: string, exitCode: number = exitCodes.failed): CliError =>
  new CliError(message, { code: 'SIGN_IN_FAILED', exitCode, why: 'not signed in' });

function jsonOf(text: string): unknown {
  try {
    return parseClean(text);
  } catch {
    return undefined;
  }
}
