// Sign in and create account: one page, one URL, two forms. Both end in the same way: back to the app that asked.
import { Refusal } from '../../errors.ts';
import { login as signIn } from '../../flows/login.ts';
import { register } from '../../flows/register.ts';
import { clientOf } from '../../oidc/clients.ts';
import { signedIn } from '../../oidc/interactions.ts';
import { isDatabaseAway } from '../../storage/database.ts';
import { deviceCookie, rememberDeviceCookie } from '../device-cookie.ts';
import { show } from '../drawing.ts';
import type { Form } from '../form.ts';
import { hangUp } from '../hang-up.ts';
import { speak } from '../middleware/choose-locale.ts';
import { answerUnavailable } from '../middleware/faults.ts';
import type { FormState, LoginPage } from '../page-locals.ts';
import { goOn } from './go-on.ts';
import { type LoginAction as Action, keep, recall, tell } from './login-refusals.ts';
import { formTarget, type PromptPage, type Visit } from './visit.ts';

type Entered = Awaited<ReturnType<typeof signIn>>;

export const login: PromptPage = {
  async show(visit) {
    draw(visit, 'login', { values: { email: emailHint(visit) }, refusal: signedOut(visit) }, 200);
  },

  async submit(visit, form) {
    if (form.action === 'language') return showIn(visit, form);
    const action: Action = form.action === 'register' ? 'register' : 'login';
    const signal = hangUp(visit.ctx);
    try {
      await finish(visit, form, await enter(visit, action, form, signal));
    } catch (error) {
      if (error === signal.reason) return answerNobody(visit);
      answerRefusal(visit, action, form, error);
    }
  },
};

async function enter({ drawing, ctx, asking }: Visit, action: Action, form: Form, signal: AbortSignal): Promise<Entered> {
  const { brand, ip } = ctx.state;
  const input = { email: form.email ?? '', password: form.password ?? '', ip, deviceCookie: deviceCookie(ctx), signal };
  if (action === 'login') return signIn(drawing.services, brand, input);
  try {
    return await register(drawing.services, brand, { ...input, clientName: asking.name });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'email_taken') throw error;
    // They have an account and know its password (or pressed twice): let them in instead of sending them to the other form.
    return signIn(drawing.services, brand, input).catch(() => Promise.reject(error));
  }
}

async function finish(visit: Visit, form: Form, entered: Entered): Promise<void> {
  const { ctx, client } = visit;
  rememberDeviceCookie(ctx, entered.deviceCookie);
  const result = signedIn(entered.account.id, { remember: form.remember === 'yes', firstParty: clientOf(client).first_party === true });
  return goOn(visit, result);
}

/** They hung up before the answer. 499, as proxies log it; nothing is sent. */
function answerNobody({ ctx }: Visit): void {
  ctx.status = 499;
  ctx.body = '';
}

function answerRefusal(visit: Visit, action: Action, form: Form, error: unknown): void {
  const values = { email: form.email ?? '', remember: form.remember ?? '' };
  const overloaded = error instanceof Refusal && error.status === 503;
  if (overloaded || isDatabaseAway(error)) {
    return answerUnavailable(visit.drawing, visit.ctx, error, { kind: action, ...formTarget(visit), values });
  }
  if (!(error instanceof Refusal)) throw error;
  if (error.retryAfter) visit.ctx.set('retry-after', String(error.retryAfter));
  draw(visit, action, { values, ...tell(action, form.password, error) }, error.status);
}

/** The language switch of a refused form: the same page with what was typed and what was said, in the other language. */
function showIn(visit: Visit, form: Form): void {
  const { drawing, ctx } = visit;
  speak(drawing.locales, ctx, form.lang);
  const action: Action = form.form === 'register' ? 'register' : 'login';
  const params = { brand: ctx.state.brand.name, minimum: ctx.state.brand.settings.passwordMinimum };
  const values = { email: form.email ?? '', remember: form.remember ?? '' };
  draw(visit, action, { values, ...recall(action, form.refused, params) }, 200);
}

/** `state` is of the form that was sent, or of both when none was. */
function draw(visit: Visit, sent: Action, state: FormState, status: number): void {
  const { drawing, ctx, asking } = visit;
  const { brand } = ctx.state;
  const target = formTarget(visit);
  const told: Action = brand.settings.registration ? sent : 'login';
  // The other form knows the address too: "sign in with it instead" is then one password away.
  const untouched: FormState = { values: { email: state.values.email ?? '' } };
  const page: LoginPage = {
    ...target,
    first: firstForm(visit),
    login: told === 'login' ? state : untouched,
    register: brand.settings.registration ? (told === 'register' ? state : untouched) : undefined,
    passwordMinimum: brand.settings.passwordMinimum,
    languageForm: ctx.method === 'POST' ? languageForm(target, told, state) : undefined,
  };
  show(drawing, ctx, ctx.state, 'login', page, { client: asking, status });
}

/** A link would lose what was typed; a form of its own keeps it, but for the password. */
function languageForm({ action, csrf }: ReturnType<typeof formTarget>, form: Action, { values, ...told }: FormState) {
  const { email = '', remember = '' } = values;
  return { action, fields: { csrf, action: 'language', form, email, remember, refused: keep(told) } };
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
