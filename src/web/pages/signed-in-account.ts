// Whom a page between sign-in and app is drawn for.
import type { Account } from '../../domain/accounts.ts';
import { Refusal } from '../../errors.ts';
import * as accounts from '../../storage/accounts.ts';
import type { Visit } from './visit.ts';

/** @throws Refusal form_expired when the account is gone meanwhile. */
export async function signedInAccount({ drawing, ctx, interaction }: Visit): Promise<Account> {
  const account = await accounts.find(drawing.services.db, ctx.state.brand.id, interaction.accountId ?? '');
  if (!account) throw new Refusal('form_expired');
  return account;
}
