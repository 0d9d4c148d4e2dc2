/** What others look up about this gateway: the public keys of the reservation tokens. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type PublicKeys, publishedForSec } from '../../queue/reservation-token.ts';

const keySetSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      kid: z.string(),
      alg: z.literal('EdDSA'),
      use: z.literal('sig'),
    }),
  ),
});

export interface WellKnownOptions {
  /** The keys as they are now. */
  readonly publicKeys: () => PublicKeys;
}

export async function wellKnownRoutes(app: FastifyInstance, { publicKeys }: WellKnownOptions): Promise<void> {
  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        tags: ['gateway'],
        summary: 'Public keys of the reservation tokens: any origin verifies them itself',
        produces: ['application/jwk-set+json'],
        response: { 200: keySetSchema },
      },
    },
    // A new key signs only when every copy that is kept so long has it.
    async (_, reply) =>
      reply
        .header('cache-control', `public, max-age=${publishedForSec}`)
        .type('application/jwk-set+json')
        .send(publicKeys() as z.infer<typeof keySetSchema>),
  );
}
