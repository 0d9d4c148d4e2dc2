/**
 * Who a visitor is, for what needs a sign-in. Gateways in development and test take the load test's token with a name
 * beside it; others take a JWT, signed here with TACOS_JWT_SECRET (HS256; TACOS_JWT_ISSUER, TACOS_JWT_AUDIENCE).
 */
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';

const secret = __ENV.TACOS_JWT_SECRET;
const lifeSec = 3_600;

export function bearer(user) {
  if (!secret) {
    return { authorization: 'Bearer load-test-bypass-token', 'x-load-test': 'true', 'x-user-id': user };
  }
  return { authorization: `Bearer ${jwt(user)}` };
}

function jwt(sub) {
  const iat = Math.floor(Date.now() / 1000);
  const iss = __ENV.TACOS_JWT_ISSUER;
  const aud = __ENV.TACOS_JWT_AUDIENCE;
  const text = [
    { alg: 'HS256', typ: 'JWT' },
    { sub, iat, exp: iat + lifeSec, iss, aud },
  ]
    .map((part) => encoding.b64encode(JSON.stringify(part), 'rawurl'))
    .join('.');
  return `${text}.${crypto.hmac('sha256', secret, text, 'base64rawurl')}`;
}
