/**
 * How much load each scenario makes, and over what time. Only figures, no k6: `tacos loadtest` plans from the same ones.
 *
 * `what` is what arrives, whatever the answers take (an open model):
 * couples  = two visitors, one after the other, who do all that visitors do (`requestsEach` requests, roughly);
 * joins    = one visitor who joins, and two polls later is gone;
 * requests = one request of a crowd: the poll that is most overdue, else somebody new joins;
 * attacks  = one request that nobody honest makes.
 *
 * `stages`: over `sec` seconds the rate goes in a straight line to `perSec`; `from` is where it begins.
 * `inFlightSec` is how long one may take: it sizes the pool of k6's virtual users.
 */
export const profiles = {
  smoke: {
    about: 'a few visitors, the whole way: is it alive and right?',
    loads: [
      { what: 'couples', from: 1, stages: [{ sec: 20, perSec: 1 }], requestsEach: 24, inFlightSec: 60 },
    ],
  },
  join: {
    about: 'joins alone, to 500 and 2,000 a second',
    loads: [
      {
        what: 'joins',
        from: 0,
        stages: [
          { sec: 60, perSec: 500 },
          { sec: 180, perSec: 2000 },
          { sec: 60, perSec: 0 },
        ],
        requestsEach: 3,
        inFlightSec: 0.3,
      },
    ],
  },
  journey: {
    about: 'join, polls as told, enter, reserve, pay',
    loads: [
      { what: 'couples', from: 5, stages: [{ sec: 180, perSec: 5 }], requestsEach: 30, inFlightSec: 120 },
    ],
  },
  '5k': {
    about: '5,000 requests a second, mixed as in a sale',
    loads: [requests(5_000, { rampSec: 20, holdSec: 90 })],
  },
  '30k': {
    about: '30,000 requests a second, mixed as in a sale',
    loads: [requests(30_000, { rampSec: 20, holdSec: 90 })],
  },
  spike: {
    about: 'from 200 to 10,000 requests a second within 5 s, and back',
    loads: [
      {
        what: 'requests',
        from: 200,
        stages: [
          { sec: 20, perSec: 200 },
          { sec: 5, perSec: 10_000 },
          { sec: 20, perSec: 10_000 },
          { sec: 5, perSec: 200 },
          { sec: 30, perSec: 200 },
        ],
        requestsEach: 1,
        inFlightSec: 0.05,
      },
    ],
  },
  soak: {
    about: '500 requests a second for an hour: does anything grow?',
    loads: [requests(500, { rampSec: 20, holdSec: 3_600 })],
  },
  abuse: {
    about: 'forged tokens, double joins, oversized bodies, beside honest visitors',
    loads: [
      { what: 'couples', from: 1, stages: [{ sec: 60, perSec: 1 }], requestsEach: 24, inFlightSec: 60 },
      { what: 'attacks', from: 200, stages: [{ sec: 60, perSec: 200 }], requestsEach: 1, inFlightSec: 0.2 },
    ],
  },
};

function requests(perSec, { rampSec, holdSec }) {
  return {
    what: 'requests',
    from: 0,
    stages: [
      { sec: rampSec, perSec },
      { sec: holdSec, perSec },
      { sec: 10, perSec: 0 },
    ],
    requestsEach: 1,
    inFlightSec: 0.05,
  };
}

/** A load with its rates times `scale` and its times times `timeScale`; no stage is shorter than a second. */
export function scaled(load, { scale = 1, timeScale = 1 }) {
  return {
    ...load,
    from: load.from * scale,
    stages: load.stages.map(({ sec, perSec }) => ({
      sec: Math.max(1, Math.round(sec * timeScale)),
      perSec: perSec * scale,
    })),
  };
}

/** The highest rate of a load, per second. */
export const peakPerSec = ({ from, stages }) => Math.max(from, ...stages.map(({ perSec }) => perSec));

/** Virtual users beside those of the rate: who was let in pays, which takes seconds. */
const buyers = 100;

/** How many virtual users a load may need at its peak; k6 begins with half of them. */
export const virtualUsers = (load) =>
  Math.min(
    20_000,
    Math.ceil(peakPerSec(load) * load.inFlightSec * 2) + (load.what === 'requests' ? buyers : 2),
  );

/** How many arrive in all. */
export function arrivals({ from, stages }) {
  let total = 0;
  let before = from;
  for (const { sec, perSec } of stages) {
    total += ((before + perSec) / 2) * sec;
    before = perSec;
  }
  return total;
}
