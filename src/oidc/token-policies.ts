// Who may look at a token (RFC 7662) and who may end it (RFC 7009).
import { type Client, type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { clientOf } from './clients.ts';

interface ForeignToken {
  clientId?: string | undefined;
  accountId?: string | undefined;
}

type FindAccount = NonNullable<Configuration['findAccount']>;

/**
 * A client that authenticates may look at any token of its brand it was shown. One without a secret, or one that anybody could have
 * registered, sees its own. What belongs to a disabled client or account is worth nothing, also before the sweep has ended it.
 */
export function introspectionPolicy(findAccount: FindAccount) {
  return async (ctx: KoaContextWithOIDC, client: Client, token: ForeignToken): Promise<boolean> => {
    const own = token.clientId === client.clientId;
    if (!own && (client.clientAuthMethod === 'none' || clientOf(client).dynamic)) return false;
    if (!own && !(await ctx.oidc.provider.Client.find(token.clientId as string))) return false;
    return token.accountId === undefined || (await findAccount(ctx, token.accountId)) !== undefined;
  };
}

/** Only its owner ends a token; others are told so, unless nobody knows who they are (RFC 7009 2.1). */
export function mayRevoke(_ctx: KoaContextWithOIDC, client: Client, token: ForeignToken): boolean {
  if (token.clientId === client.clientId) return true;
  if (client.clientAuthMethod === 'none') return false;
  throw new errors.InvalidRequest('the token belongs to another client');
}
