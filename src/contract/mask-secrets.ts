/**
 * Takes credentials out of text that is meant for a log, by how they look and by the names in front of them. It works on
 * what a logger has written, so that it does not matter how deep in an object or an error's message they were, and it
 * leaves valid JSON valid. It would rather mask a word too many than one too few.
 */

/** Stands where a credential was. */
export const mask = '***';

/** Where a word begins, also behind the `\n` that JSON makes of the end of a line. */
const begin = '(?:(?<![\\w-])|(?<=\\\\[bfnrt]))';

/** A name whose value is a credential: `waiting_token`, `accessToken`, `Idempotency-Key`, `set-cookie`, … */
const name = `${begin}(?:[\\w-]*(?:token|token[-_]?keys?|password|passwd|secret)|(?:proxy-)?authorization|(?:set-)?cookie|idempotency[-_]?key)`;

interface Rule {
  readonly pattern: RegExp;
  readonly by: string;
}

/** In this order: what looks like a credential by itself goes first, then what is named as one. */
const rules: readonly Rule[] = [
  // JSON Web Tokens: access tokens, reservation tokens. Looked for once a word, so that a long one costs no more.
  { pattern: /(?<![\w-])(?=[\w-]+\.)([\w-]*?)eyJ[\w-]{4,}\.[\w-]*(?:\.[\w-]*)*/g, by: `$1${mask}` },
  // Waiting tokens (queue/waiting-token.ts), cut off or whole.
  { pattern: new RegExp(`${begin}t1\\.[A-Za-z0-9]{1,16}\\.[\\w-]{8,}(?:\\.[\\w-]*)?`, 'g'), by: mask },
  { pattern: new RegExp(`${begin}(Bearer|Basic)(\\s+)[^\\s"'\\\\,;]+`, 'gi'), by: `$1$2${mask}` },
  // A Redis password may hold anything, even a slash or an @; other addresses end their user there.
  { pattern: /(rediss?:\/\/)[^\s"\\]{0,1024}@/gi, by: `$1${mask}@` },
  { pattern: /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'\\/?#@]*@/gi, by: `$1${mask}@` },
  // The queries of addresses: ?token=…
  { pattern: /([?&](?:[\w-]*token|code|password|secret|signature)=)[^&\s"'\\#]+/gi, by: `$1${mask}` },
  // "password":"…" as JSON, and \"password\":\"…\" as JSON in a string of JSON.
  { pattern: new RegExp(`(${name}"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*(?=")`, 'gi'), by: `$1${mask}` },
  {
    pattern: new RegExp(`(${name}\\\\"\\s*:\\s*\\\\")(?:[^"\\\\]|\\\\[^"])*(?=\\\\")`, 'gi'),
    by: `$1${mask}`,
  },
  // cookie: a=b; c=d in text, to the end of its line.
  { pattern: new RegExp(`(${begin}(?:set-)?cookie\\s*[:=]\\s*)(?!")[^"\\\\\\r\\n]+`, 'gi'), by: `$1${mask}` },
  // password=…, Idempotency-Key: … in text.
  { pattern: new RegExp(`(${name}\\s*[:=]\\s*'?)(?!["'\\s])[^\\s"'\\\\,;&)\\]}]+`, 'gi'), by: `$1${mask}` },
];

/** The text without credentials. */
export function maskSecrets(text: string): string {
  return rules.reduce((masked, { pattern, by }) => masked.replace(pattern, by), text);
}
