/** What must be there before anything is changed: the role, the reason, the typed confirmation, fresh data. */
import { consentDataAgeSecMax, type ParsedActRequest, type Plan } from '../../../contract/actions.ts';
import { TacosError } from '../../../contract/errors.ts';
import type { ChangeAuthor } from '../changes-parts.ts';
import type { Draft } from './draft.ts';

/** @throws TacosError FORBIDDEN */
export function checkRole(request: Pick<ParsedActRequest, 'override'>, author: ChangeAuthor): void {
  if (author.role === 'viewer') throw new TacosError('FORBIDDEN', { message: 'Viewers change nothing.' });
  if (request.override && author.role !== 'admin')
    throw new TacosError('FORBIDDEN', { message: 'Only an admin passes a guard rail.' });
}

/** What only admins may do, whatever the action is called: undoing a change of the budget sets it. @throws TacosError FORBIDDEN */
export function checkReach(
  { operation }: Pick<Draft, 'operation'>,
  { role }: Pick<ChangeAuthor, 'role'>,
): void {
  if (operation.kind === 'budget' && role !== 'admin')
    throw new TacosError('FORBIDDEN', { message: 'Only an admin sets the budget.' });
}

/** What must be typed to confirm: ids of the events, or the name of what is changed beside them. */
export const namesOf = (
  events: readonly (string | null)[],
  drafts: readonly { readonly draft: Pick<Draft, 'subject'> }[],
): string[] => events.flatMap((event, at) => event ?? drafts[at]?.draft.subject ?? []);

/** `names`: as `namesOf` says. @throws TacosError CONSENT_REQUIRED */
export function checkConsent(
  request: Pick<ParsedActRequest, 'reason' | 'confirm'>,
  { plan, names }: { readonly plan: Plan; readonly names: readonly string[] },
  environment: { readonly isProtected: boolean },
): void {
  const missing = (message: string): TacosError => new TacosError('CONSENT_REQUIRED', { message });
  if (plan.dataAgeSec > consentDataAgeSecMax)
    throw missing(`The data is ${plan.dataAgeSec.toFixed(1)} s old: nothing is changed on it.`);
  if (plan.level !== 'S1' && environment.isProtected && request.reason === undefined)
    throw missing('A reason is needed here.');
  if (plan.level !== 'S3') return;
  const typed = (request.confirm ?? '').split(',').map((id) => id.trim());
  if (typed.toSorted().join() === names.toSorted().join()) return;
  throw new TacosError('CONSENT_REQUIRED', {
    message: 'This cannot be fully undone: it must be confirmed by name.',
    hint: `--confirm ${names.join(',')}`,
  });
}
