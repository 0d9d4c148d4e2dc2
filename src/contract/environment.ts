/** Kinds of environments and contexts, and what a name says of its kind: operators' tools and the admin API judge alike. */

export const environmentKinds = ['prod', 'staging', 'test', 'dev'] as const;
export type EnvironmentKind = (typeof environmentKinds)[number];

const words: Readonly<Record<string, EnvironmentKind>> = {
  prod: 'prod',
  production: 'prod',
  live: 'prod',
  staging: 'staging',
  stage: 'staging',
  stg: 'staging',
  test: 'test',
  qa: 'test',
  dev: 'dev',
  development: 'dev',
};

/** `prod` for apne2-prod, `staging` for staging-2; production wins over any other word; undefined for other names. */
export function environmentKindOf(name: string): EnvironmentKind | undefined {
  const kinds = name
    .toLowerCase()
    .split(/[^a-z]+/)
    .map((word) => (Object.hasOwn(words, word) ? words[word] : undefined));
  return kinds.includes('prod') ? 'prod' : kinds.find((kind) => kind !== undefined);
}
