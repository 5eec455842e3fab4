// Whether the browser that opened a link is the one that waits for it: then it can go on there at once.
import { type CodePurpose, codeKey } from '../../domain/one-time-codes.ts';
import { findInteraction, type PausedRequest } from '../../oidc/interactions.ts';
import * as oneTimeCodes from '../../storage/one-time-codes.ts';
import { csrfToken } from '../csrf.ts';
import type { AskingClient } from '../drawing.ts';
import { flowHandle } from '../flow-cookie.ts';
import { registrationPlace } from './begin-registration.ts';
import type { LinkVisit } from './mail-links.ts';
import { askingClient } from './visit.ts';

export interface WaitingHere {
  /** The form that goes on: posts `action` = carry-on. */
  form: { action: string; csrf: string };
  client: AskingClient | undefined;
}

/** @returns undefined in every other browser, and when the sign-in is over. */
export async function waitingHere(visit: LinkVisit, purpose: CodePurpose, accountId: string): Promise<WaitingHere | undefined> {
  const { drawing, ctx, uid } = visit;
  const { provider, brand, mountPath } = ctx.state;
  const interaction = uid ? await findInteraction(provider, ctx.req, ctx.res, uid) : undefined;
  if (!uid || !interaction) return undefined;
  const step = await stepOf(visit, interaction, purpose, accountId);
  if (step === undefined) return undefined;
  const client = await provider.Client.find(String(interaction.params.client_id));
  const csrf = csrfToken(drawing.services.keyring, brand.id, uid);
  return {
    form: { action: `${mountPath}/interaction/${uid}${step}`, csrf },
    client: client && askingClient(client, interaction.params.redirect_uri),
  };
}

/** Below the interaction's address: where its page waits. */
async function stepOf(visit: LinkVisit, interaction: PausedRequest, purpose: CodePurpose, accountId: string): Promise<string | undefined> {
  if (purpose === 'verify_email') return interaction.prompt.name === 'verify_email' && interaction.accountId === accountId ? '' : undefined;
  const { drawing, ctx } = visit;
  const handle = flowHandle(drawing.services.keyring, ctx, registrationPlace({ interaction }));
  const key = handle ? codeKey(handle) : undefined;
  // Of several mails of one registration any may have been opened.
  const row = key && (await oneTimeCodes.find(drawing.services.db, { brandId: ctx.state.brand.id, purpose: 'register', key }));
  return row?.accountId === accountId ? '/verify-email' : undefined;
}
