// A new password for who knows the one of today. Who has none yet is mailed a link to set one.
import { Refusal } from '../../../errors.ts';
import { changePassword } from '../../../flows/change-password.ts';
import { forgotPassword } from '../../../flows/forgot-password.ts';
import * as passwords from '../../../storage/passwords.ts';
import { deviceCookie } from '../../device-cookie.ts';
import type { Form } from '../../form.ts';
import { hangUp } from '../../hang-up.ts';
import type { FormState } from '../../page-locals.ts';
import { sourceOf } from '../../source.ts';
import { seeOther } from '../visit.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';

export const password: AccountPage = {
  async show(visit) {
    await draw(visit, { values: {} });
  },

  async submit(visit, form) {
    if (form.action === 'mail') return mailLink(visit);
    const signal = hangUp(visit.ctx);
    try {
      await change(visit, form, signal);
    } catch (error) {
      if (error === signal.reason) return answerNobody(visit);
      if (!(error instanceof Refusal) || error.status >= 500 || error.code === 'account_unavailable') throw error;
      if (error.retryAfter) visit.ctx.set('retry-after', String(error.retryAfter));
      await draw(visit, { values: {}, refusal: told(error) }, error.status);
    }
  },
};

async function change(visit: AccountVisit, form: Form, signal: AbortSignal): Promise<void> {
  const { drawing, ctx, account, session, clientBack } = visit;
  await changePassword(drawing.services, ctx.state.brand, {
    accountId: account.id,
    sessionUid: session.uid,
    password: form.password ?? '',
    newPassword: form.new_password ?? '',
    source: sourceOf(ctx, clientBack?.id),
    deviceCookie: deviceCookie(ctx),
    clientName: clientBack?.name,
    signal,
  });
  done(visit, 'password', 'password');
}

async function mailLink({ drawing, ctx, account, clientBack }: AccountVisit): Promise<void> {
  if (!account.email) throw new Refusal('not_found');
  await forgotPassword(drawing.services, ctx.state.brand, { email: account.email, source: sourceOf(ctx, clientBack?.id) });
  seeOther(ctx, `${ctx.state.brand.issuer}/account/password?sent`);
}

/** "Enter a password" alone leaves open which of the two. */
function told({ code, field, params }: Refusal): NonNullable<FormState['refusal']> {
  const sentence = code !== 'password_required' ? undefined : `account-password.${field === 'password' ? 'current' : 'new'}Required`;
  return { code, field, params, sentence };
}

async function draw(visit: AccountVisit, form: FormState, status = 200): Promise<void> {
  const { drawing, ctx, account } = visit;
  const { brand } = ctx.state;
  const hash = await passwords.findUsable(drawing.services.db, brand.id, account.id);
  const page = {
    ...accountTarget(visit, 'password'),
    form,
    hasPassword: hash !== undefined,
    passwordMinimum: brand.settings.passwordMinimum,
    email: account.email ?? undefined,
    sent: ctx.method === 'GET' && ctx.query.sent !== undefined,
  };
  showAccount(visit, 'account-password', page, status);
}

/** They hung up before the answer. 499, as proxies log it; nothing is sent. */
function answerNobody({ ctx }: AccountVisit): void {
  ctx.status = 499;
  ctx.body = '';
}
