/** What the environment says about this run. */
const number = (text, otherwise) => {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : otherwise;
};

/** TACOS_BASE_URL: the gateway, or what stands in front of it. */
export const baseUrl = (__ENV.TACOS_BASE_URL || 'http://127.0.0.1:8000').replace(/\/+$/, '');
/** TACOS_EVENT: the event to join. */
export const event = __ENV.TACOS_EVENT || 'evt_loadtest';
/** TACOS_SCALE, TACOS_TIME_SCALE: rates and times of the profile are multiplied by them. */
export const scale = number(__ENV.TACOS_SCALE, 1);
export const timeScale = number(__ENV.TACOS_TIME_SCALE, 1);
/** TACOS_VUS: at most so many virtual users a load; else as many as the profile may need. */
export const vus = number(__ENV.TACOS_VUS, undefined);
/** TACOS_BUY: share of those let in who reserve and pay, 0 to 1. */
export const buyShare = __ENV.TACOS_BUY === undefined ? 1 : Number(__ENV.TACOS_BUY);
/** TACOS_PATIENCE_SEC: who waits longer gives up; journeys only. */
export const patienceSec = number(__ENV.TACOS_PATIENCE_SEC, 120);
