// The address: which it is, another one, and the code that proves it. Asking needs a fresh sign-in; typing the code that came does not.
import type { RememberedChange } from '../../../domain/email-changes.ts';
import { CODE_TRIES, codeKey, openRemembered } from '../../../domain/one-time-codes.ts';
import { Refusal } from '../../../errors.ts';
import { confirmEmailChange, requestEmailChange } from '../../../flows/change-email.ts';
import type { OneTimeCode } from '../../../storage/one-time-codes.ts';
import * as oneTimeCodes from '../../../storage/one-time-codes.ts';
import * as passwords from '../../../storage/passwords.ts';
import { deviceCookie, rememberDeviceCookie } from '../../device-cookie.ts';
import { flowHandle, forgetFlow, rememberFlow } from '../../flow-cookie.ts';
import type { Form } from '../../form.ts';
import { hangUp } from '../../hang-up.ts';
import type { FormState } from '../../page-locals.ts';
import { sourceOf } from '../../source.ts';
import { seeOther } from '../visit.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';

/** Seconds, as in routes.ts. */
const FRESH = 300;

/** The browser that asked waits for the code. */
const waitingHere = { purpose: 'change_email', under: '/account' } as const;

export const email: AccountPage = {
  fresh: (drawing, ctx) => flowHandle(drawing.services.keyring, ctx, waitingHere) === undefined,

  async show(visit) {
    const pending = await findPending(visit);
    if (pending && !pending.row.consumedAt) return draw(visit, pending, { values: {} });
    if (pending) forgetFlow(visit.ctx, waitingHere);
    // The link was opened somewhere else, and this page goes on.
    if (pending && visit.account.email === pending.email) return done(visit, '', 'email');
    await draw(visit, undefined, { values: {} });
  },

  async submit(visit, form) {
    const signal = hangUp(visit.ctx);
    try {
      await act(visit, form, signal);
    } catch (error) {
      if (error === signal.reason) return answerNobody(visit);
      if (!(error instanceof Refusal) || error.status >= 500 || error.code === 'account_unavailable') throw error;
      await refuse(visit, form, error);
    }
  },
};

interface Pending {
  handle: string;
  row: OneTimeCode;
  email: string;
}

/** What this browser waits for, as this account: somebody else may have asked in it before. */
async function findPending({ drawing: { services }, ctx, account }: AccountVisit): Promise<Pending | undefined> {
  const { brand } = ctx.state;
  const handle = flowHandle(services.keyring, ctx, waitingHere);
  const key = handle === undefined ? undefined : codeKey(handle);
  const row = key && (await oneTimeCodes.find(services.db, { brandId: brand.id, purpose: 'change_email', key }));
  if (!handle || !row || row.accountId !== account.id) return undefined;
  return { handle, row, email: openRemembered<RememberedChange>(services.keyring, brand.id, 'change_email', key, row.sealed).email };
}

async function act(visit: AccountVisit, form: Form, signal: AbortSignal): Promise<void> {
  const { ctx } = visit;
  if (form.action === 'ask') return ask(visit, form, signal);
  if (form.action === 'again') return again(visit);
  if (form.action === 'cancel' || form.action === 'another') {
    forgetFlow(ctx, waitingHere);
    return seeOther(ctx, `${ctx.state.brand.issuer}/account${form.action === 'another' ? '/email' : ''}`);
  }
  await confirm(visit, form);
}

async function ask(visit: AccountVisit, form: Form, signal: AbortSignal): Promise<void> {
  const { drawing, ctx, account } = visit;
  // A form of another tab, where nothing was pending: a fresh sign-in comes first.
  if (flowHandle(drawing.services.keyring, ctx, waitingHere) !== undefined && isOld(visit)) return startOver(visit);
  const typed = { email: form.email ?? '', password: form.password ?? '' };
  const { handle } = await requestEmailChange(drawing.services, ctx.state.brand, {
    ...typed,
    accountId: account.id,
    source: sourceOf(ctx, visit.clientBack?.id),
    deviceCookie: deviceCookie(ctx),
    signal,
  });
  waitFor(visit, handle);
}

async function again(visit: AccountVisit): Promise<void> {
  const { drawing, ctx, account } = visit;
  const pending = await findPending(visit);
  if (!pending) return startOver(visit);
  const source = sourceOf(ctx, visit.clientBack?.id);
  const { handle } = await requestEmailChange(drawing.services, ctx.state.brand, { accountId: account.id, again: pending.handle, source });
  waitFor(visit, handle, '?sent');
}

async function confirm(visit: AccountVisit, form: Form): Promise<void> {
  const { drawing, ctx, account, session } = visit;
  const handle = flowHandle(drawing.services.keyring, ctx, waitingHere);
  if (handle === undefined) return startOver(visit);
  const by = { accountId: account.id, sessionUid: session.uid, deviceCookie: deviceCookie(ctx) };
  const shown = { handle, typed: form.code ?? '' };
  const confirmed = await confirmEmailChange(drawing.services, ctx.state.brand, { shown, by, source: sourceOf(ctx, visit.clientBack?.id) });
  if (confirmed.deviceCookie) rememberDeviceCookie(ctx, confirmed.deviceCookie);
  forgetFlow(ctx, waitingHere);
  done(visit, '', 'email_typed');
}

function waitFor({ drawing, ctx }: AccountVisit, handle: string, query = ''): void {
  rememberFlow(drawing.services.keyring, ctx, waitingHere, handle);
  seeOther(ctx, `${ctx.state.brand.issuer}/account/email${query}`);
}

function startOver({ ctx }: AccountVisit): void {
  forgetFlow(ctx, waitingHere);
  seeOther(ctx, `${ctx.state.brand.issuer}/account/email`);
}

function isOld({ session }: AccountVisit): boolean {
  return Date.now() / 1_000 - session.authTime > FRESH;
}

/** A code that no other try can save leads back to the first form; a link that was opened meanwhile has done it all. */
async function refuse(visit: AccountVisit, form: Form, refusal: Refusal): Promise<void> {
  const { ctx } = visit;
  if (refusal.retryAfter) ctx.set('retry-after', String(refusal.retryAfter));
  if (refusal.code === 'code_used') return seeOther(ctx, `${ctx.state.brand.issuer}/account/email`);
  const pending = form.action === 'ask' ? undefined : await findPending(visit);
  const over = refusal.code === 'code_expired' || refusal.code === 'email_taken' || !pending;
  if (over && form.action !== 'ask') forgetFlow(ctx, waitingHere);
  // After the last try there is no field to type into.
  const field = refusal.field !== 'code' ? refusal.field : over ? 'email' : refusal.code === 'code_tries' ? undefined : 'code';
  const values = { email: form.email ?? (over ? (pending?.email ?? '') : '') };
  const told = { code: refusal.code, field, params: refusal.params };
  await draw(visit, over ? undefined : pending, { values, refusal: told }, refusal.status);
}

async function draw(visit: AccountVisit, pending: Pending | undefined, form: FormState, status = 200): Promise<void> {
  const { drawing, ctx, account } = visit;
  const hash = pending ? undefined : await passwords.findUsable(drawing.services.db, ctx.state.brand.id, account.id);
  const waiting = pending && (pending.row.tries >= CODE_TRIES ? ('tried_out' as const) : ('waiting' as const));
  const page = {
    ...accountTarget(visit, 'email'),
    state: waiting ?? ('ask' as const),
    form,
    current: account.email ?? undefined,
    verified: account.emailVerified,
    hasPassword: hash !== undefined,
    pending: pending?.email,
    sent: ctx.method === 'GET' && ctx.query.sent !== undefined,
  };
  showAccount(visit, 'account-email', page, status);
}

/** They hung up before the answer. 499, as proxies log it; nothing is sent. */
function answerNobody({ ctx }: AccountVisit): void {
  ctx.status = 499;
  ctx.body = '';
}
