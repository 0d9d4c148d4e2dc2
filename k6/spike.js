// A quiet line, a rush within 5 s, quiet again. Refusing early (503 with Retry-After) is right in a rush.
import { optionsOf } from './lib/options.js';

export { request } from './lib/arrivals.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('spike', {
  http_req_failed: ['rate<0.1'],
  'http_req_duration{expected_response:true}': ['p(95)<1000'],
});
