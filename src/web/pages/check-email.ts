// "Check your email": one page for everybody who waits for a code, whether an account waits for its proof or is to be made by it.
import { CODE_TRIES, type CodePurpose, codeKey, openRemembered } from '../../domain/one-time-codes.ts';
import type { Refusal } from '../../errors.ts';
import * as oneTimeCodes from '../../storage/one-time-codes.ts';
import { show } from '../drawing.ts';
import type { VerifyEmailPage } from '../locals/registration.ts';
import type { Visit } from './visit.ts';

/** A code that was mailed and has not run out. */
export interface WaitingCode {
  accountId: string;
  email: string;
  state: 'waiting' | 'tried_out' | 'confirmed';
}

/** What the row of this handle waits for. */
export async function waitingCode(
  { drawing: { services }, ctx }: Visit,
  purpose: CodePurpose,
  handle: string | undefined,
): Promise<WaitingCode | undefined> {
  const { brand } = ctx.state;
  const key = handle ? codeKey(handle) : undefined;
  const row = key && (await oneTimeCodes.find(services.db, { brandId: brand.id, purpose, key }));
  if (!row) return undefined;
  const { email } = openRemembered<{ email: string }>(services.keyring, brand.id, purpose, key, row.sealed);
  const state = row.consumedAt ? 'confirmed' : row.tries >= CODE_TRIES ? 'tried_out' : 'waiting';
  return { accountId: row.accountId, email, state };
}

type Drawn = Omit<VerifyEmailPage, 'form' | 'sent'>;

/** Of what was typed nothing comes back: a wrong code is of no use. */
export function drawCheckEmail({ drawing, ctx, asking }: Visit, page: Drawn, refusal?: Refusal): void {
  // Where the code's field is gone, the sentence stands for itself.
  const field = page.state === 'waiting' ? refusal?.field : undefined;
  const form = { values: {}, refusal: refusal && { code: refusal.code, field, params: refusal.params } };
  const sent = ctx.method === 'GET' && ctx.query.sent !== undefined;
  if (refusal?.retryAfter) ctx.set('retry-after', String(refusal.retryAfter));
  const status = refusal?.status ?? (page.state === 'expired' ? 410 : 200);
  show(drawing, ctx, ctx.state, 'verify-email', { ...page, form, sent }, { client: asking, status });
}
