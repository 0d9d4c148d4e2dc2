/** The gateways before a sale: is one there, and are they as many as the reckoning of `tacos capacity` asks for. */
import { gatewaySeenSec } from '../../contract/alarms-of-servers.ts';
import type { Finding } from '../../contract/doctor.ts';
import { gatewayWorkersFor } from '../../forecast/capacity.ts';
import { measuredCosts } from '../../forecast/capacity-costs.ts';
import { counted } from './counted.ts';
import type { SaleFacts } from './sale-check.ts';

const check = 'sale-gateways';

/** The doctor misses gateways that were there; before a sale none may have been. */
export function gatewayLine(facts: Pick<SaleFacts, 'event' | 'ask' | 'doctor' | 'hpa'>): Finding {
  const { event, ask, doctor } = facts;
  const { events, nowMs } = doctor;
  const [own] = events;
  const live = (own?.gateways ?? []).filter((one) => nowMs - one.lastMs <= gatewaySeenSec * 1000);
  if (live.length === 0) {
    const mend = { who: 'whoever runs the gateways', next: 'tacos gateway' };
    return { check, result: 'fail', event, text: 'no gateway serves it', ...mend };
  }
  const processes = live.reduce((sum, { workers }) => sum + workers, 0);
  const { visitors, joinPerSec } = ask;
  const admitPerSec = ask.refillPerSec ?? own?.refillPerSec ?? 0;
  const wanted = gatewayWorkersFor(measuredCosts, { visitors, joinPerSec, admitPerSec });
  const serve = `${counted(processes)} gateway ${processes === 1 ? 'process serves' : 'processes serve'} it`;
  const load = `${counted(visitors)} visitors at ${counted(Math.round(joinPerSec))} joins/s`;
  if (processes >= wanted) return { check, result: 'pass', event, text: `${serve}, ${load} take ${wanted}` };
  const later = floorProcesses(facts, processes / live.length);
  if (later >= wanted) {
    const text = `${serve}, ${load} take ${wanted}: the file raises the floor to ${counted(later)} before the opening`;
    return { check, result: 'pass', event, text };
  }
  return {
    check,
    result: 'warn',
    event,
    text: `${serve}, and ${load} take ${wanted}: joins and polls would be slow or refused`,
    who: 'whoever runs the gateways: start more, or give them --workers',
    next: `tacos capacity --visitors ${visitors} --join-rate ${Math.ceil(joinPerSec)} --admit-rate ${Math.max(1, Math.ceil(admitPerSec))}`,
  };
}

/** Processes that the file's floors bring by the opening, where they can be had. */
function floorProcesses(
  { ask, hpa, doctor }: Pick<SaleFacts, 'ask' | 'hpa' | 'doctor'>,
  each: number,
): number {
  if (hpa === null || !('view' in hpa)) return 0;
  const opensMs = Date.parse(ask.opensAt);
  const inTime = (ask.floors ?? []).filter(({ at }) => {
    const atMs = Date.parse(at);
    return atMs > doctor.nowMs && atMs < opensMs;
  });
  return Math.floor(Math.min(hpa.view.maxReplicas, Math.max(0, ...inTime.map(({ min }) => min))) * each);
}
