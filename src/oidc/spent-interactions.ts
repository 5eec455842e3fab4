// A double click makes the second resume find its interaction gone. It is kept a minute so that the second one finds its way too.
import type { AdapterPayload, InteractionResults } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import * as oidcTokens from '../storage/oidc-tokens.ts';
import type { AdapterServices } from './adapters/contract.ts';
import { keyOf } from './adapters/keys.ts';
import { openToken } from './adapters/tokens.ts';
import type { AskedRequest } from './restart.ts';

export interface SpentInteraction extends AskedRequest {
  clientId: string | undefined;
  /** Who signed in, or was signed in already. */
  accountId: string | undefined;
  /** Of a device without a keyboard: it cannot begin again from here. */
  forDevice: boolean;
  /** The person said no, and this is what the app was told. */
  refusal: InteractionResults | undefined;
}

/**
 * An interaction that was finished within the last 60 s: the second click of a double click resumes it when it is gone.
 * The caller checks that the browser is the same, by its cookies or by who is signed in.
 */
export async function spentInteraction(services: AdapterServices, brand: Brand, uid: string): Promise<SpentInteraction | undefined> {
  const key = keyOf(uid);
  const row = key && (await oidcTokens.find(services.db, brand.id, key));
  if (row?.kind !== 'Interaction' || row.consumedAt === null) return undefined;
  const payload = openToken(services, 'Interaction', row);
  return payload?.params && describe(payload, payload.params);
}

function describe({ result, session, parJti, trusted, deviceCode }: AdapterPayload, params: Record<string, unknown>): SpentInteraction {
  return {
    params,
    pushed: parJti !== undefined,
    trusted: trusted ?? [],
    clientId: typeof params.client_id === 'string' ? params.client_id : undefined,
    accountId: result?.login?.accountId ?? session?.accountId,
    forDevice: deviceCode !== undefined,
    refusal: result?.error ? result : undefined,
  };
}
