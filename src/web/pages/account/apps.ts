// Other companies' apps a person has let in, what each may do, and the way to take it back.
import { Refusal } from '../../../errors.ts';
import { withdrawAccess } from '../../../flows/withdraw-access.ts';
import { clientOf } from '../../../oidc/clients.ts';
import { storedAccess } from '../../../oidc/stored-access.ts';
import * as oidcGrants from '../../../storage/oidc-grants.ts';
import type { AppWithAccess } from '../../locals/account.ts';
import { sourceOf } from '../../source.ts';
import { accessSentences } from '../asked-access.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';
import { wordsFor } from './words.ts';

export const apps: AccountPage = {
  async show(visit) {
    showAccount(visit, 'account-apps', { ...accountTarget(visit, 'apps'), apps: await appsOf(visit) });
  },

  async submit(visit, form) {
    const { drawing, ctx, account } = visit;
    if (!form.client) throw new Refusal('form_expired');
    await withdrawAccess(drawing.services, ctx.state.brand, { accountId: account.id, clientId: form.client, source: sourceOf(ctx) });
    done(visit, 'apps', 'access');
  },
};

/** The brand's own apps are the brand: there is nothing to withdraw. */
export async function appsOf({ drawing, ctx, account }: AccountVisit): Promise<AppWithAccess[]> {
  const words = wordsFor(drawing, ctx);
  const granted = await oidcGrants.listLiving(drawing.services.db, ctx.state.brand.id, account.id);
  const found = await Promise.all(
    granted.map(async ({ clientId, since, payloads }) => {
      const client = await ctx.state.provider.Client.find(clientId);
      if (!client || clientOf(client).first_party === true) return [];
      const access = accessSentences(storedAccess(payloads));
      return [{ id: clientId, name: client.clientName ?? clientId, url: client.clientUri, since: words.date(since), access }];
    }),
  );
  return found.flat();
}
