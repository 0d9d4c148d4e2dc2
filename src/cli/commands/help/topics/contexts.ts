import type { Topic } from './topic.ts';

/** `tacos help contexts`. */
export const contextsTopic: Topic = {
  name: 'contexts',
  summary: 'which server, as whom, and how protected',
  text: () =>
    [
      'A context names a server and how careful to be with it. The order: -c, then',
      'TACOS_CONTEXT, TACOS_SERVER, `current` of config.yaml, the running tacos up.',
      '',
      '  current: staging',
      '  contexts:',
      '    apne2-prod:',
      '      server: https://admin.apne2.example',
      '      kind: prod              # prod, staging, test, dev; as the server says',
      '      protected: true         # changes ask; never current. Always so for prod',
      '      requireReason: true     # every change needs --reason',
      '      readOnly: false         # true refuses every change',
      '      limits: {maxRefill: 200, maxCapacity: 2000, maxStep: 2x}',
      '      proxy: socks5h://127.0.0.1:1080     # or http://HOST:PORT',
      '      caFile: /etc/tacos/ca.pem',
      '      tlsServerName: admin.apne2.example  # behind ssh -L or port-forward',
      '    staging: {server: https://admin.stg.example, kind: staging}',
      '',
      'A protected context is chosen for one shell: export TACOS_CONTEXT=apne2-prod, or',
      '-c on every line. When TACOS_CONTEXT and -c disagree, a change asks for the',
      'name. With a current context and a running tacos up, a change needs -c. No file',
      'of a project is ever read: a checkout must not choose what you change.',
      '',
      'The token: --token-file, TACOS_TOKEN_FILE, the sign-in of `tacos auth login`,',
      'then TACOS_TOKEN. `local` takes the token of tacos up, or --token-file, and no',
      'other. A sign-in is kept per context and sent to no other server; a',
      'token file is not kept: export TACOS_TOKEN_FILE=F for a shell.',
      '',
      'Of several tacos up, `local` is the one started last that still runs; for',
      'another: export TACOS_DATA_DIR=DIR.',
    ].join('\n'),
};
