// Grant access: another company's app asks what it may have. The brand's own native apps ask "continue as …?" instead,
// since an app on a phone can be imitated and must never get an answer without the person acting (RFC 8252 8.6).
import { maskEmail } from '../../domain/email.ts';
import { Refusal } from '../../errors.ts';
import { clientOf } from '../../oidc/clients.ts';
import { type Access, grantedAccess, grantRequested, missingAccess } from '../../oidc/grant-access.ts';
import { restartUrl } from '../../oidc/restart.ts';
import * as accounts from '../../storage/accounts.ts';
import { show } from '../drawing.ts';
import { accessSentences } from './asked-access.ts';
import { goOn } from './go-on.ts';
import { formTarget, type PromptPage, seeOther, type Visit } from './visit.ts';

export const consent: PromptPage = {
  async show(visit) {
    const { drawing, ctx, asking, client, interaction } = visit;
    const common = { ...formTarget(visit), account: await maskedAccount(visit), switchable: !interaction.forDevice };
    if (isOwnApp(client)) return show(drawing, ctx, ctx.state, 'continue', common, { client: asking });
    const page = { ...common, redirectHost: redirectHost(asking.redirectUri), ...(await accessOf(visit)) };
    show(drawing, ctx, ctx.state, 'consent', page, { client: asking });
  },

  async submit(visit, form) {
    switch (form.action) {
      case 'allow':
      case 'continue':
        return allow(visit);
      case 'switch':
        return switchAccount(visit);
      case 'deny':
        return goOn(visit, { error: 'access_denied', error_description: 'the end-user did not grant access' });
      default:
        throw new Refusal('form_expired');
    }
  },
};

async function allow(visit: Visit): Promise<void> {
  const { ctx, interaction, client } = visit;
  // The brand's own app gets its grant when the request goes on; only "yes, it is me" was asked.
  if (isOwnApp(client)) return goOn(visit, { consent: {} });
  const grantId = await grantRequested(ctx.state.provider, interaction);
  return goOn(visit, { consent: { grantId } });
}

async function switchAccount({ ctx, interaction }: Visit): Promise<void> {
  // A device waits for this very request; there is no other way to begin it than on the device.
  if (interaction.forDevice) throw new Refusal('form_expired');
  seeOther(ctx, await restartUrl(ctx.state.provider, interaction, 'login'));
}

function isOwnApp(client: Visit['client']): boolean {
  return clientOf(client).first_party === true;
}

async function maskedAccount({ drawing, ctx, interaction }: Visit): Promise<string> {
  const accountId = interaction.accountId;
  const account = accountId ? await accounts.find(drawing.services.db, ctx.state.brand.id, accountId) : undefined;
  return account?.email ? maskEmail(account.email) : '';
}

/** What tells a real app from one that borrowed its name. */
function redirectHost(redirectUri: string | undefined): string {
  const parsed = redirectUri ? URL.parse(redirectUri) : null;
  return parsed?.host || parsed?.protocol.slice(0, -1) || '';
}

/** What is new; when the app only asked to ask again, what it has already. */
async function accessOf({ ctx, interaction }: Visit) {
  const missing = accessSentences(missingAccess(interaction));
  if (missing.length > 0) return { access: missing, again: false };
  const granted: Access = await grantedAccess(ctx.state.provider, interaction);
  return { access: accessSentences(granted), again: true };
}
