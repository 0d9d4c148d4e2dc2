// What attackers send, beside honest visitors who must not feel it.
import { optionsOf } from './lib/options.js';

export { couple } from './lib/arrivals.js';
export { attack } from './lib/attacks.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('abuse', {
  tacos_attack_succeeded: ['rate==0'],
  'http_req_failed{scenario:couples}': ['rate<0.01'],
  'http_req_duration{scenario:couples}': ['p(95)<500'],
  tacos_granted: ['count>0'],
});
