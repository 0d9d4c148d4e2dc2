/** Signing in on another device (RFC 8628): a code to type in a browser anywhere, polled for here. */
import { z } from 'zod';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { pause, type Runtime } from '../runtime.ts';
import { type Discovery, isSafeUrl, issuerError, postForm, requestTokens, type Tokens } from './issuer.ts';

/** Who asks for what. */
export interface LoginRequest {
  readonly clientId: string;
  readonly scope: string;
}

const deviceSchema = z.object({
  device_code: z.string().min(1),
  user_code: z.string().min(1).max(64),
  verification_uri: z.string(),
  verification_uri_complete: z.string().optional(),
  expires_in: z.number().positive(),
  /** Seconds between polls; RFC 8628 3.2: 5 where it is left out. */
  interval: z.number().positive().max(60).default(5),
});
/** What the person needs, and the code to poll with. */
export type DeviceCode = z.infer<typeof deviceSchema>;

const grant = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 3.5: slow_down means five seconds more between polls, for good. */
const slowDownSec = 5;

/** Asks for a code. @throws CliError (4 refused, 6 no device flow there) */
export async function startDevice(
  discovery: Discovery,
  { clientId, scope }: LoginRequest,
): Promise<DeviceCode> {
  const url = discovery.device_authorization_endpoint;
  if (url === undefined) throw issuerError(`${discovery.issuer} offers no device sign-in`, exitCodes.refused);
  const answer = await postForm(url, { client_id: clientId, scope }, deviceSchema);
  if (!answer.ok) throw issuerError(`${discovery.issuer} refused: ${answer.text}`, exitCodes.notAllowed);
  if (!isSafeUrl(answer.value.verification_uri)) {
    throw issuerError(`${discovery.issuer} names a page that is not https: ${answer.value.verification_uri}`);
  }
  return answer.value;
}

/** Polls until the person has decided. @throws CliError (4 denied or too late), the stop's reason when stopped */
export async function pollDevice(
  { clock, stop }: Pick<Runtime, 'clock' | 'stop'>,
  discovery: Discovery,
  { clientId }: LoginRequest,
  device: DeviceCode,
): Promise<Tokens> {
  const endMs = clock.monotonic() + device.expires_in * 1_000;
  let intervalSec = device.interval;
  while (clock.monotonic() < endMs) {
    await pause(intervalSec * 1_000, stop.signal);
    if (stop.signal.aborted) throw new Error('stopped');
    const form = { grant_type: grant, device_code: device.device_code, client_id: clientId };
    const answer = await requestTokens(discovery, form).catch(whileAway);
    if (answer === undefined) continue;
    if (answer.ok) return answer.value;
    switch (answer.error) {
      case 'authorization_pending':
        continue;
      case 'slow_down':
        intervalSec += slowDownSec;
        continue;
      case 'expired_token':
        throw tooLate();
      case 'access_denied':
        throw issuerError('the sign-in was declined in the browser', exitCodes.notAllowed);
      default:
        throw issuerError(`${discovery.issuer} refused: ${answer.text}`, exitCodes.notAllowed);
    }
  }
  throw tooLate();
}

/** An issuer that is away for a moment is asked again; the code's own end is the limit. */
function whileAway(error: unknown): undefined {
  if (error instanceof CliError && error.details.exitCode === exitCodes.unreachable) return undefined;
  throw error;
}

const tooLate = (): CliError =>
  issuerError('the code has run out before it was typed in', exitCodes.notAllowed);
