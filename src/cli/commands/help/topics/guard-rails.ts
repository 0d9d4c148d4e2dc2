import { rows, type Topic } from './topic.ts';

/** `tacos help guard-rails`. */
export const guardRailsTopic: Topic = {
  name: 'guard-rails',
  summary: 'what a change asks for, and what is refused',
  text: () =>
    [
      'Every change is planned by the server, shown, consented to, and then applied',
      'only if nothing else has changed meanwhile. --dry-run stops after the plan.',
      '',
      rows([
        ['S1', 'small, can be undone: y/N or --yes on a protected context only'],
        ['S2', 'can be undone, felt by visitors: y/N and a reason; --yes --reason'],
        ['S3', 'cannot be fully undone: type the id of the event; --confirm EVT --reason'],
      ]),
      '',
      'S1 and S2 ask nothing on a context that is not protected. Production always is:',
      'a context of kind prod takes neither --no-protected nor another --kind.',
      '',
      'Refused, exit 6:',
      rows([
        ['refill 0', 'use tacos queue pause'],
        ['over a limit', 'of the server, or of the context (config.yaml can only tighten)'],
        ['over the budget', 'of all events together; an admin may pass --override'],
        ['--if-version', 'when the settings have another version by now'],
        ['read-only', 'a context with readOnly, or the role viewer'],
        ['other place', 'the server calls itself otherwise than the kind of the context'],
      ]),
      '',
      'Consent missing, exit 5: data older than 5 s, two contexts at hand, --yes alone',
      'for S3, or TACOS_CONTEXT and -c that disagree. Nothing is changed then.',
      '',
      '`tacos undo` restores settings for 15 minutes, and ended places for 10: of one',
      'event, until something else is changed there. Without an id it asks everywhere.',
      '',
      'A lost answer is exit 9: ask `tacos audit list` before anything else, and repeat',
      'only with the same --idempotency-key.',
    ].join('\n'),
};
