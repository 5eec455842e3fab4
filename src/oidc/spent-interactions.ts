// A double click makes the second resume find its interaction gone. It is kept a minute so that the second one finds its way too.
import type { Brand } from '../domain/brands.ts';
import * as oidcTokens from '../storage/oidc-tokens.ts';
import type { AdapterServices } from './adapters/contract.ts';
import { keyOf } from './adapters/keys.ts';
import { openToken } from './adapters/tokens.ts';

export interface SpentInteraction {
  params: Record<string, unknown>;
  clientId: string | undefined;
  /** Who signed in, or was signed in already. */
  accountId: string | undefined;
}

/**
 * An interaction that was finished within the last 60 s: the second click of a double click resumes it when it is gone.
 * The caller checks that the browser is the same, by its cookies or by who is signed in.
 */
export async function spentInteraction(services: AdapterServices, brand: Brand, uid: string): Promise<SpentInteraction | undefined> {
  const key = keyOf(uid);
  const row = key && (await oidcTokens.find(services.db, brand.id, key));
  if (row?.kind !== 'Interaction' || row.consumedAt === null) return undefined;
  const { params, result, session } = openToken(services, 'Interaction', row) ?? {};
  if (!params) return undefined;
  const clientId = typeof params.client_id === 'string' ? params.client_id : undefined;
  return { params, clientId, accountId: result?.login?.accountId ?? session?.accountId };
}
