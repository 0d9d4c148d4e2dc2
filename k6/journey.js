// Visitors who join, poll as they are told, enter, reserve and pay.
import { optionsOf } from './lib/options.js';

export { couple } from './lib/arrivals.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('journey', {
  http_req_failed: ['rate<0.01'],
  'http_req_duration{name:join}': ['p(95)<500'],
  'http_req_duration{name:status}': ['p(95)<250'],
  'http_req_duration{name:enter}': ['p(95)<500'],
  tacos_granted: ['count>0'],
});
