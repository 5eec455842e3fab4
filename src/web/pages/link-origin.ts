// A mailed link that was opened: whether it still opens anything, and the sign-in in which it was asked for.
import { type CodePurpose, codeKey, openRemembered, readToken, secretDigest } from '../../domain/one-time-codes.ts';
import { findInteraction, pausedElsewhere } from '../../oidc/interactions.ts';
import * as oneTimeCodes from '../../storage/one-time-codes.ts';
import type { AskingClient } from '../drawing.ts';
import type { LinkVisit } from './mail-links.ts';
import { askingClient } from './visit.ts';

/** The page of the sign-in when it lives in this browser: then the person goes on there. */
export async function liveHere({ ctx, uid }: LinkVisit): Promise<string | undefined> {
  if (!uid) return undefined;
  const interaction = await findInteraction(ctx.state.provider, ctx.req, ctx.res, uid);
  return interaction && `${ctx.state.mountPath}/interaction/${uid}`;
}

/** The app behind it, wherever the link was opened: for the way back. */
export async function askingElsewhere({ ctx, uid }: LinkVisit): Promise<{ clientId: string; asking: AskingClient } | undefined> {
  const { provider } = ctx.state;
  const request = uid ? await pausedElsewhere(provider, uid) : undefined;
  const client = request && (await provider.Client.find(String(request.params.client_id)));
  return client && { clientId: client.clientId, asking: askingClient(client, request?.params.redirect_uri) };
}

/** What a link that still works would open; nothing is spent by looking. */
export async function findAlive<Remembered>({ drawing, ctx, token }: LinkVisit, purpose: CodePurpose): Promise<Remembered | undefined> {
  const { db, keyring } = drawing.services;
  const brandId = ctx.state.brand.id;
  const parts = readToken(token);
  const key = parts && codeKey(parts.handle);
  if (!key) return undefined;
  const row = await oneTimeCodes.find(db, { brandId, purpose, key }, { secret: secretDigest(parts.secret) });
  return row && !row.consumedAt ? openRemembered<Remembered>(keyring, brandId, purpose, key, row.sealed) : undefined;
}
