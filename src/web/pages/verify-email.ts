// The prompt `verify_email`: someone is signed in whose address is not proved yet, and the brand asks for that. The code that was mailed
// when the account was made may be typed here; who has none asks for one. Only what the account says ends the prompt.
import { Refusal } from '../../errors.ts';
import { mailVerification, verifyEmail as prove } from '../../flows/verify-email.ts';
import { restartUrl } from '../../oidc/restart.ts';
import * as accounts from '../../storage/accounts.ts';
import { flowHandle, forgetFlow, rememberFlow } from '../flow-cookie.ts';
import { sourceOf } from '../source.ts';
import { confirmPath, verificationPlace } from './begin-registration.ts';
import { drawCheckEmail, waitingCode } from './check-email.ts';
import { goOn } from './go-on.ts';
import { formTarget, type PromptPage, seeOther, type Visit } from './visit.ts';

/** Posts `action` = again, carry-on, switch, or a `code`. */
export const verifyEmail: PromptPage = {
  show: (visit) => draw(visit),

  async submit(visit, form) {
    try {
      if (form.action === 'again') return await mailCode(visit);
      if (form.action === 'switch') return await switchAccount(visit);
      if (form.action !== 'carry-on') await proveCode(visit, form.code ?? '');
      if (!(await accountOf(visit)).emailVerified) throw new Refusal('email_unconfirmed', 'code');
      forgetFlow(visit.ctx, verificationPlace);
      return await goOn(visit, { verify_email: {} });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      await draw(visit, error);
    }
  },
};

async function proveCode(visit: Visit, typed: string): Promise<void> {
  const { drawing, ctx, client, interaction } = visit;
  const handle = flowHandle(drawing.services.keyring, ctx, verificationPlace);
  if (!handle) throw new Refusal('code_expired', 'code');
  const input = { shown: { handle, typed }, source: sourceOf(ctx, client.clientId), accountId: interaction.accountId };
  await prove(drawing.services, ctx.state.brand, input).catch((error: unknown) => {
    // The link was quicker: the account will tell.
    if (!(error instanceof Refusal) || error.code !== 'code_used') throw error;
  });
}

async function mailCode(visit: Visit): Promise<void> {
  const { drawing, ctx, client } = visit;
  const { services } = drawing;
  const { id: accountId } = await accountOf(visit);
  const asked = { accountId, confirmPath: confirmPath(visit), source: sourceOf(ctx, client.clientId) };
  const mailed = await mailVerification(services, ctx.state.brand, asked);
  if (mailed) rememberFlow(services.keyring, ctx, verificationPlace, mailed.handle);
  seeOther(ctx, `${ctx.state.brand.issuer}/interaction/${visit.interaction.uid}?sent`);
}

/** Signed in with the wrong account, or joined with a mistyped address: the same request begins again with another one. */
async function switchAccount({ ctx, interaction }: Visit): Promise<void> {
  // A device waits for this very request.
  if (interaction.forDevice) throw new Refusal('form_expired');
  seeOther(ctx, await restartUrl(ctx.state.provider, interaction, 'login'));
}

async function accountOf({ drawing, ctx, interaction }: Visit) {
  const account = await accounts.find(drawing.services.db, ctx.state.brand.id, interaction.accountId ?? '');
  if (!account) throw new Refusal('form_expired');
  return account;
}

async function draw(visit: Visit, refusal?: Refusal): Promise<void> {
  const account = await accountOf(visit);
  const handle = flowHandle(visit.drawing.services.keyring, visit.ctx, verificationPlace);
  const waiting = await waitingCode(visit, 'verify_email', handle);
  const own = waiting?.accountId === account.id && waiting.email === account.email ? waiting.state : 'unsent';
  const state = account.emailVerified ? 'confirmed' : own === 'confirmed' ? 'unsent' : own;
  const switchable = !visit.interaction.forDevice;
  drawCheckEmail(visit, { ...formTarget(visit), state, email: account.email ?? undefined, switchable }, refusal);
}
