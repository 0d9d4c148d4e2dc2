/** Names and kinds of contexts. */

/** Name of the running `tacos up`: it lives in its data dir, never in config.yaml. */
export const localName = 'local';
/** Name of the context that TACOS_SERVER makes. */
export const envName = 'env';

/** What to add to a command so that it goes to a context: nothing where TACOS_SERVER made it, which no file names. */
export const flagOfContext = (name: string): string => (name === envName ? '' : ` -c ${name}`);

/** Names of contexts: they are file names too. */
export const contextNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where a token is from that `auth login` has got. */
export const signInOrigin = 'auth login';
