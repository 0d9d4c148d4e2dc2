// A few visitors, the whole way. Run: k6 run k6/smoke.js, with TACOS_BASE_URL and TACOS_EVENT set.
import { optionsOf } from './lib/options.js';

export { couple } from './lib/arrivals.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('smoke', {
  http_req_failed: ['rate<0.01'],
  'http_req_duration{name:join}': ['p(95)<500'],
  'http_req_duration{name:status}': ['p(95)<250'],
  'http_req_duration{name:enter}': ['p(95)<500'],
  tacos_granted: ['count>0'],
});
