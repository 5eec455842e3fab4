// Sign in and create account: one page, one URL, two forms. Both end in the same way: back to the app that asked.
import { Refusal } from '../../errors.ts';
import { login as signIn } from '../../flows/login.ts';
import { isSessionKept } from '../../oidc/interactions.ts';
import * as accounts from '../../storage/accounts.ts';
import { isDatabaseAway } from '../../storage/database.ts';
import { deviceCookie } from '../device-cookie.ts';
import { show } from '../drawing.ts';
import type { Form } from '../form.ts';
import { languageFormOf } from '../form-state.ts';
import { hangUp } from '../hang-up.ts';
import { speak } from '../middleware/choose-locale.ts';
import { answerUnavailable } from '../middleware/faults.ts';
import { type FormState, type LoginPage, loginNotices } from '../page-locals.ts';
import { sourceOf } from '../source.ts';
import { beginByMail, registerNow } from './begin-registration.ts';
import { type Entered, enter } from './enter.ts';
import { begin as beginRecovery, recoveredEmail } from './forgot-password.ts';
import { guessesOf, keptQuestions, namesOf, questionsOf } from './login-questions.ts';
import { type LoginAction as Action, recallOf, tell } from './login-refusals.ts';
import { showUnderAge } from './under-age.ts';
import { mailUnlock } from './unlock.ts';
import { formTarget, type PromptPage, type Visit } from './visit.ts';

export const login: PromptPage = {
  async show(visit) {
    const email = recoveredEmail(visit) ?? (emailHint(visit) || (await signedInEmail(visit)));
    draw(visit, 'login', { values: { email, remember: await rememberHint(visit) }, refusal: signedOut(visit) }, 200);
  },

  async submit(visit, form) {
    if (form.action === 'language') return showIn(visit, form);
    if (form.forgot) return beginRecovery(visit, form.email ?? '');
    const action: Action = form.action === 'register' ? 'register' : 'login';
    const signal = hangUp(visit.ctx);
    try {
      if (form.unlock) return await mailUnlock(visit, form.email ?? '');
      if (action === 'register' && isByMail(visit)) return await beginByMail(visit, form, signal);
      const entered = await (action === 'login' ? known(visit, form, signal) : newcomer(visit, form, signal));
      await enter(visit, entered, { remember: form.remember === 'yes' });
    } catch (error) {
      if (error === signal.reason) return answerNobody(visit);
      answerRefusal(visit, action, form, error);
    }
  },
};

/** Nobody learns whether the address has an account, not even by the right password: that form is the other one. */
function isByMail({ ctx }: Visit): boolean {
  return ctx.state.brand.settings.emailVerification.pages === 'before';
}

function known({ drawing, ctx, client }: Visit, form: Form, signal: AbortSignal): Promise<Entered> {
  const { brand } = ctx.state;
  const typed = { email: form.email ?? '', password: form.password ?? '' };
  return signIn(drawing.services, brand, { ...typed, source: sourceOf(ctx, client.clientId), deviceCookie: deviceCookie(ctx), signal });
}

async function newcomer(visit: Visit, form: Form, signal: AbortSignal): Promise<Entered> {
  try {
    return await registerNow(visit, form, signal);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'email_taken') throw error;
    // They have an account and know its password (or pressed twice): let them in instead of sending them to the other form.
    return known(visit, form, signal).catch(() => Promise.reject(error));
  }
}

/** They hung up before the answer. 499, as proxies log it; nothing is sent. */
function answerNobody({ ctx }: Visit): void {
  ctx.status = 499;
  ctx.body = '';
}

function answerRefusal(visit: Visit, action: Action, form: Form, error: unknown): void {
  const values = keptQuestions(visit.ctx, form);
  const overloaded = error instanceof Refusal && error.status === 503;
  if (overloaded || isDatabaseAway(error)) {
    return answerUnavailable(visit.drawing, visit.ctx, error, { kind: action, ...formTarget(visit), values });
  }
  if (!(error instanceof Refusal)) throw error;
  if (showUnderAge(visit, error)) return;
  if (error.retryAfter) visit.ctx.set('retry-after', String(error.retryAfter));
  draw(visit, action, { values, ...tell(action, form.password, error) }, error.status);
}

/** The language switch of a refused form: the same page with what was typed and what was said, in the other language. */
function showIn(visit: Visit, form: Form): void {
  const { drawing, ctx } = visit;
  speak(drawing.locales, ctx, form.lang);
  const action: Action = form.form === 'register' ? 'register' : 'login';
  const params = { brand: ctx.state.brand.name, minimum: ctx.state.brand.settings.passwordMinimum };
  const values = keptQuestions(ctx, form);
  const questions = questionsOf(visit, values);
  const fields = ['email', 'password', ...(questions ? namesOf(questions) : [])];
  draw(visit, action, { values, ...recallOf(action, form.refused, params, fields) }, 200);
}

/** `state` is of the form that was sent, or of both when none was. */
function draw(visit: Visit, sent: Action, state: FormState, status: number): void {
  const { drawing, ctx, asking } = visit;
  const { brand } = ctx.state;
  const target = formTarget(visit);
  const told: Action = brand.settings.registration ? sent : 'login';
  // The other form knows the address too: "sign in with it instead" is then one password away.
  const untouched: FormState = { values: { email: isAgain(visit.interaction) ? '' : (state.values.email ?? '') } };
  const joining: FormState = told === 'register' ? state : { values: { ...guessesOf(visit), ...untouched.values } };
  const page: LoginPage = {
    ...target,
    first: firstForm(visit),
    login: told === 'login' ? state : untouched,
    register: brand.settings.registration ? joining : undefined,
    questions: brand.settings.registration ? questionsOf(visit, joining.values) : undefined,
    passwordMinimum: brand.settings.passwordMinimum,
    notice: noticeOf(visit),
    languageForm: ctx.method === 'POST' ? languageFormOf(target, state, { form: told }) : undefined,
  };
  show(drawing, ctx, ctx.state, 'login', page, { client: asking, status });
}

/** What was done on the way here; of an address anybody may write, only these words are read. */
function noticeOf({ ctx, interaction }: Visit): LoginPage['notice'] {
  if (ctx.method !== 'GET') return undefined;
  return loginNotices.find((notice) => notice === ctx.query.notice) ?? (isAgain(interaction) ? 'again' : undefined);
}

/** Somebody is signed in here, but not lately enough for what they want to do (OpenID Connect Core 3.1.2.1, max_age). */
function isAgain({ accountId, prompt }: Visit['interaction']): boolean {
  return accountId !== undefined && prompt.reasons.every((reason) => reason === 'max_age');
}

/** They need not say who they are, only prove it. */
async function signedInEmail({ drawing, ctx, interaction }: Visit): Promise<string> {
  const { accountId } = interaction;
  const account = accountId && isAgain(interaction) ? await accounts.find(drawing.services.db, ctx.state.brand.id, accountId) : undefined;
  return account?.email ?? '';
}

/** Who asked to stay signed in does not lose it by proving themselves once more. @returns '' where the box is not ticked. */
async function rememberHint({ ctx, interaction }: Visit): Promise<string> {
  return isAgain(interaction) && (await isSessionKept(ctx.state.provider, ctx.req, ctx.res)) ? 'yes' : '';
}

/** Whose session ended because the account was disabled is told why they are asked again; whether an account exists, nobody learns. */
function signedOut({ ctx, interaction }: Visit): FormState['refusal'] {
  if (!interaction.prompt.reasons.includes('account_unavailable')) return undefined;
  return { code: 'account_unavailable', params: { brand: ctx.state.brand.name } };
}

/** People press "Sign in" to sign in; an app that wants them to join says so (OpenID Connect Prompt Create 1.0). */
function firstForm({ ctx, interaction }: Visit): Action {
  const { prompt } = interaction.params;
  const wantsAccount = typeof prompt === 'string' && prompt.split(' ').includes('create');
  return wantsAccount && ctx.state.brand.settings.registration ? 'register' : 'login';
}

function emailHint({ interaction }: Visit): string {
  const { login_hint: hint } = interaction.params;
  return typeof hint === 'string' && hint.length <= 254 ? hint : '';
}
