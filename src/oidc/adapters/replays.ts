// A client assertion (RFC 7523 3) and a DPoP proof (RFC 9449 11.1) are good for one use: inserting their identifier is that use.
import { createHash } from 'node:crypto';
import { type Adapter, errors, type Provider } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import * as oidcReplays from '../../storage/oidc-replays.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { keyOf } from './keys.ts';

/** Thrown by the insert that came second. */
class Replayed extends errors.InvalidGrant {}

// Postgres knows no year 300000, and a client may write any `exp` into its assertion.
const END_OF_TIME = 253_402_300_799;

export function replayAdapter({ db }: AdapterServices, brand: Brand): Adapter {
  return {
    ...unsupported,
    // Looking first would decide nothing: the insert does.
    find: async () => undefined,
    async upsert(id, { exp }) {
      const key = keyOf(id);
      if (!key || !exp) throw new Error('a one-time identifier needs an id and an end');
      if (!(await oidcReplays.insert(db, brand.id, key, Math.min(exp, END_OF_TIME)))) throw new Replayed('already used');
    },
    destroy: async () => {},
  };
}

/**
 * One statement instead of look and save, and the answer each caller has for a replay:
 * invalid_client for an assertion, invalid_grant or invalid_token for a proof.
 */
export function refuseReplays(provider: Provider): void {
  provider.ReplayDetection.unique = async function unique(issuer, jti, exp) {
    const id = createHash('sha256')
      .update(JSON.stringify([issuer, jti]))
      .digest('base64url');
    try {
      await this.adapter.upsert(id, { exp });
      return true;
    } catch (error) {
      if (error instanceof Replayed) return false;
      throw error;
    }
  };
}
