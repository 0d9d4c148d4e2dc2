/** What stands in an answer, without parsing all of it. */

/** The number behind a text; NaN where it is not. */
export function numberIn(answer: string, before: string): number {
  const at = answer.indexOf(before);
  return at < 0 ? Number.NaN : Number.parseInt(answer.slice(at + before.length, at + before.length + 10), 10);
}

/** The text behind another, up to the next quotation mark; empty where it is not. */
export function textIn(answer: string, before: string): string {
  const at = answer.indexOf(before);
  return at < 0 ? '' : answer.slice(at + before.length, answer.indexOf('"', at + before.length));
}

/** The seq that a waiting token carries: bytes 3 to 7 of its payload. */
export function seqOf(token: string): number {
  return Buffer.from(token.split('.')[2] ?? '', 'base64url').readUIntBE(3, 5);
}
