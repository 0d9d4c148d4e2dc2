import { rows, type Topic } from './topic.ts';

/** Variables that the CLI reads, with what they do. */
export const variables: readonly (readonly [string, string])[] = [
  ['TACOS_CONTEXT', 'context of this shell; the only way to a protected one beside -c'],
  ['TACOS_SERVER', 'admin API without a context; it is then called env'],
  ['TACOS_TOKEN_FILE', 'file with the token; before a sign-in by auth login'],
  ['TACOS_TOKEN', 'the token itself; last of all, as processes can read it'],
  ['TACOS_TIMEOUT', 'longest wait for an answer, such as 20s'],
  ['TACOS_COLOR', 'auto, always or never'],
  ['NO_COLOR', 'not empty: no colour'],
  ['TACOS_ASCII', '1: no block characters; LC_ALL, LC_CTYPE, LANG and TERM decide else'],
  ['TACOS_ACCESSIBLE', '1: words instead of pictures; ACCESSIBLE does the same'],
  ['TACOS_DATA_DIR', 'where tacos up keeps its data, and where local is looked for'],
  ['TACOS_NO_UPDATE_NOTIFIER', 'not empty: no note about a server that wants a newer tacos'],
  ['TACOS_K6', 'path of k6, for loadtest; else the one on PATH'],
  ['CI', 'not empty: no live screen, no notes'],
  ['XDG_CONFIG_HOME', 'config.yaml is in tacos/ below it; default ~/.config'],
  ['XDG_STATE_HOME', 'sign-ins, data of tacos up, crash reports; default ~/.local/state'],
  ['XDG_CACHE_HOME', 'names for completion; default ~/.cache'],
];

/** `tacos help environment`. */
export const environmentTopic: Topic = {
  name: 'environment',
  summary: 'variables that tacos reads',
  text: () =>
    [
      'Flags go before variables, variables before config.yaml, and that before what is',
      'built in. `tacos config list --show-origin` says where each setting is from.',
      '',
      rows(variables),
      '',
      'The gateway and the admin API have variables of their own:',
      '  tacos gateway --print-config',
      '  tacos admin --print-config',
    ].join('\n'),
};
