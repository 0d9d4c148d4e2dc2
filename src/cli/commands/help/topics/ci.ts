import type { Topic } from './topic.ts';

/** `tacos help ci`. */
export const ciTopic: Topic = {
  name: 'ci',
  summary: 'tacos in scripts and pipelines',
  text: () =>
    [
      'Give place and token by the environment, ask nothing, and read exit codes:',
      '',
      '  export TACOS_SERVER=https://admin.stg.example',
      '  export TACOS_TOKEN_FILE=/run/secrets/tacos',
      '  tacos bucket set evt_x --refill 80 --yes --reason "release 41" --no-input \\',
      '    --idempotency-key "release-41-evt_x" -o json',
      '  tacos queue watch evt_x --until "waiting==0" --timeout 30m',
      '',
      'Without a terminal nothing is asked: what a change needs must be in its flags,',
      'or it is exit 5. The same --idempotency-key makes a change once, however often',
      'the line is run. After exit 9 run `tacos audit list --event evt_x` first.',
      '',
      'Errors with -o json are one line on stderr, and stdout is empty then. Exit 8',
      'means not finished yet, exit 10 that a check failed: tacos help exit-codes.',
    ].join('\n'),
};
