/** What a desk is opened with. */
import type { RedisAddress } from '../../redis/client.ts';
import type { NamedKey } from '../keyring.ts';
import type { OutsideFacts } from './desk-wide.ts';
import type { Autoscaler } from './hpa/autoscaler.ts';
import type { LoadRunner } from './loadtest/load-runner.ts';

export interface DeskOptions {
  readonly redis: RedisAddress;
  /** As the gateways have them: the first makes new events, and all name visitors. */
  readonly waitingTokenKeys: readonly NamedKey[];
  /** Time zone of events that name none, IANA. */
  readonly timeZone: string;
  /** Default: not protected, no budget. */
  readonly environment?: {
    readonly isProtected: boolean;
    readonly defaultBudgetPerSec?: number;
  };
  /** The gateways' autoscaler; absent = this server steers none. */
  readonly autoscaler?: Autoscaler;
  /** What runs load tests; absent = this server starts none. */
  readonly loadRunner?: LoadRunner;
  /** What alarms need of the server's own process; default: nothing is known. */
  readonly outside?: () => OutsideFacts;
  readonly log: { warn(detail: object, message: string): void };
}
