/**
 * The waiting token: a signed statement of a place. `t1.<kid>.<payload>.<mac>`, payload and mac base64url. The number is
 * the version of the payload; the parts around it and the mac stay as they are for ever, so any version tells what
 * we signed from what is forged. Flags that are not known are ignored.
 * Payload: flags (1 = joined by a verified subject), epoch (2 bytes), seq (5), joined ms (6), life (8 letters),
 * person digest (16, or none), then the event id. A forged one is refused from memory, and any gateway reads any
 * token, so the visitors' own tokens are a backup of the line.
 */
import { tokenCharsMax } from '../contract/limits.ts';
import { digestBytes, type Keyring } from './keyring.ts';

export interface WaitingToken {
  readonly event: string;
  readonly life: string;
  readonly epoch: number;
  readonly seq: number;
  readonly joinedMs: number;
  /** The person holds the place by a verified subject. */
  readonly verified: boolean;
  /** 16 bytes, where the place was joined by somebody known. */
  readonly person?: Buffer;
  /** The key that signed it, once read. */
  readonly kid?: string;
}

const newerHead = /^t([2-9]|[1-9]\d)\./;
const lifeChars = 8;
const headBytes = 1 + 2 + 5 + 6 + lifeChars;
const verifiedFlag = 1;
const personFlag = 2;

/** Signs a token with the key that signs now. The same place always gets the same token under one key. */
export function signWaitingToken(keyring: Keyring, token: WaitingToken, kid = keyring.signingKid): string {
  const personBytes = token.person ? digestBytes : 0;
  const payload = Buffer.allocUnsafe(headBytes + personBytes + token.event.length);
  payload[0] = (token.verified ? verifiedFlag : 0) | (token.person ? personFlag : 0);
  payload.writeUInt16BE(token.epoch, 1);
  payload.writeUIntBE(token.seq, 3, 5);
  payload.writeUIntBE(token.joinedMs, 8, 6);
  payload.write(token.life, 14, lifeChars, 'latin1');
  if (token.person) token.person.copy(payload, headBytes, 0, digestBytes);
  payload.write(token.event, headBytes + personBytes, 'latin1');
  const text = `t1.${kid}.${payload.toString('base64url')}`;
  const mac = keyring.mac(kid, text);
  if (mac === undefined) throw new Error(`the key ${kid} is not known here`);
  return `${text}.${mac}`;
}

/** Reads a token; undefined for anything that one of our keys did not sign. Costs one HMAC, no Redis command. */
export function readWaitingToken(keyring: Keyring, text: string): WaitingToken | undefined {
  if (text.length > tokenCharsMax || !text.startsWith('t1.')) return undefined;
  const signed = readEnvelope(keyring, text);
  if (signed === undefined) return undefined;
  const { kid, kidEnd, payloadEnd } = signed;
  const payload = Buffer.from(text.slice(kidEnd + 1, payloadEnd), 'base64url');
  const flags = payload[0] ?? 0;
  const eventAt = eventStart(payload);
  if (payload.length <= eventAt) return undefined;
  return {
    kid,
    event: payload.toString('latin1', eventAt),
    life: payload.toString('latin1', 14, headBytes),
    epoch: payload.readUInt16BE(1),
    seq: payload.readUIntBE(3, 5),
    joinedMs: payload.readUIntBE(8, 6),
    verified: (flags & verifiedFlag) !== 0,
    ...(flags & personFlag ? { person: payload.subarray(headBytes, eventAt) } : {}),
  };
}

/** Whether one of our keys signed this text in a version that is not known here. Costs one HMAC, no Redis command. */
export const isNewerToken = (keyring: Keyring, text: string): boolean =>
  newerHead.test(text) && text.length <= tokenCharsMax && readEnvelope(keyring, text) !== undefined;

interface Envelope {
  readonly kid: string;
  /** Where the kid and the payload end. */
  readonly kidEnd: number;
  readonly payloadEnd: number;
}

/** What stands around a payload of any version, if the mac is right. */
function readEnvelope(keyring: Keyring, text: string): Envelope | undefined {
  const kidAt = text.indexOf('.') + 1;
  const kidEnd = text.indexOf('.', kidAt);
  const payloadEnd = text.lastIndexOf('.');
  if (kidEnd < 0 || payloadEnd <= kidEnd) return undefined;
  const kid = text.slice(kidAt, kidEnd);
  const mac = keyring.mac(kid, text.slice(0, payloadEnd));
  return mac !== undefined && sameText(mac, text, payloadEnd + 1) ? { kid, kidEnd, payloadEnd } : undefined;
}

/** The event that a token names, unverified: for one that `readWaitingToken` has taken, or is about to. */
export function eventOfToken(text: string): string | undefined {
  const kidEnd = text.indexOf('.', 3);
  const payloadEnd = text.lastIndexOf('.');
  if (!text.startsWith('t1.') || payloadEnd <= kidEnd) return undefined;
  const payload = Buffer.from(text.slice(kidEnd + 1, payloadEnd), 'base64url');
  const eventAt = eventStart(payload);
  return payload.length > eventAt ? payload.toString('latin1', eventAt) : undefined;
}

const eventStart = (payload: Buffer): number =>
  headBytes + ((payload[0] ?? 0) & personFlag ? digestBytes : 0);

/** Whether `text` from `from` on is `mac`, in a time that does not tell how much of it is. */
function sameText(mac: string, text: string, from: number): boolean {
  if (text.length - from !== mac.length) return false;
  let difference = 0;
  for (let at = 0; at < mac.length; at += 1) difference |= mac.charCodeAt(at) ^ text.charCodeAt(from + at);
  return difference === 0;
}
