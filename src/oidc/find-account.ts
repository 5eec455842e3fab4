// The account behind a subject, as the library asks for it: at sign-in, at every token, at userinfo.
import type { Configuration } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { claimsFor } from '../domain/claims.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';

/** A disabled account is not found, so that its sessions and tokens stop within one request. */
export function accountFinder({ db }: Pick<Services, 'db'>, brand: Brand): NonNullable<Configuration['findAccount']> {
  return async (_ctx, sub) => {
    const account = await accounts.find(db, brand.id, sub);
    if (!account || account.disabledAt) return undefined;
    return { accountId: account.id, claims: async () => ({ ...claimsFor(account), sub: account.id }) };
  };
}
