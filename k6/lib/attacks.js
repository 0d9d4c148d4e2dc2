/** Requests that nobody honest makes, and what may come of them: a refusal, never a place, a pass or a server error. */
import http from 'k6/http';
import { Rate } from 'k6/metrics';
import { bearer } from './sign-in.js';
import { baseUrl, event } from './target.js';

/** The attack got what it wanted, or broke something. */
const succeeded = new Rate('tacos_attack_succeeded');

const api = `${baseUrl}/api/v1`;
const json = { 'content-type': 'application/json' };
/** All from one address, as attackers are: limited, which is a refusal too. */
const params = (name, headers) => ({
  headers: { 'x-forwarded-for': '10.66.66.66', ...headers },
  tags: { name },
  responseCallback: http.expectedStatuses({ min: 400, max: 499 }, 202),
  timeout: '10s',
});
const isRefused = ({ status }) => status >= 400 && status < 500;

const letters = (count) =>
  Array.from(
    { length: count },
    () => 'abcdefghjkmnpqrstuvwxyz0123456789'[Math.floor(Math.random() * 33)],
  ).join('');
const join = (body, headers) =>
  http.post(`${api}/queue/join`, body, params('attack', { ...json, ...headers }));

const attacks = [
  function forgedStatus() {
    const token = `${letters(12)}.${letters(60)}`;
    return isRefused(http.get(`${api}/queue/status?token=${token}`, params('attack', {})));
  },
  function forgedEnter() {
    const body = JSON.stringify({ waiting_token: letters(200) });
    const headers = { ...json, ...bearer('thief') };
    return isRefused(http.post(`${api}/queue/enter`, body, params('attack', headers)));
  },
  function forgedPass() {
    const body = JSON.stringify({ event_id: event, quantity: 1, reservation_token: letters(300) });
    const headers = { ...json, ...bearer('thief'), 'idempotency-key': letters(20) };
    return isRefused(http.post(`${api}/reservations`, body, params('attack', headers)));
  },
  function oversized() {
    return isRefused(join(JSON.stringify({ event_id: event, user_id: 'x'.repeat(20_000) })));
  },
  function notJson() {
    return isRefused(join('{"event_id":'));
  },
  function manyHeaders() {
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, 'a']));
    return isRefused(join(JSON.stringify({ event_id: event }), headers));
  },
  function strangeEvent() {
    return isRefused(join(JSON.stringify({ event_id: '../../etc/passwd' })));
  },
  /** A name that somebody else has already: a place of their own at most, never the other's token. */
  function doubleJoin() {
    const body = JSON.stringify({ event_id: event, user_id: 'everybody' });
    const answer = join(body);
    return answer.status === 202 || (isRefused(answer) && !String(answer.body).includes('waiting_token'));
  },
];

/** One attack, whichever. */
export function attack() {
  const one = attacks[Math.floor(Math.random() * attacks.length)];
  succeeded.add(!one());
}
