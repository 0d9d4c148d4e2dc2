/** All scenarios, in the order of the table. To add one, write it and put it here. */
import type { Scenario } from '../scenario.ts';
import { gatewayKilled, redisKilled } from './killed.ts';

export const scenarios: readonly Scenario[] = [redisKilled, gatewayKilled];
