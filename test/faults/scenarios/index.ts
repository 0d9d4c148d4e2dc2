/** All scenarios, in the order of the table. To add one, write it and put it here. */
import type { Scenario } from '../scenario.ts';
import { adminGone } from './admin-gone.ts';
import { backendsDown } from './backends.ts';
import { gatewayClocks, redisClock } from './clock.ts';
import { flooded } from './flood.ts';
import { gatewayStopped } from './gateways.ts';
import { gatewayKilled, redisKilled } from './killed.ts';
import { redisCut, redisHalfOpen, redisSlow, redisSlowReader, redisVerySlow } from './redis-away.ts';
import { aofLost1s, aofLost3s, failover2s, wipe, wipeAndRestart } from './redis-lost.ts';
import { rolling } from './rolling.ts';
import { diskFull, memoryFull } from './room.ts';

export const scenarios: readonly Scenario[] = [
  redisSlow,
  redisVerySlow,
  redisCut,
  redisHalfOpen,
  redisSlowReader,
  redisKilled,
  aofLost1s,
  aofLost3s,
  failover2s,
  wipe,
  wipeAndRestart,
  gatewayKilled,
  gatewayStopped,
  adminGone,
  backendsDown,
  flooded,
  rolling,
  gatewayClocks,
  redisClock,
  diskFull,
  memoryFull,
];
