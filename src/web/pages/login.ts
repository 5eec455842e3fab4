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
import { answerUnavailable } from '../middleware/faults.ts';
import type { FormState, LoginPage } from '../page-locals.ts';
import { goOn } from './go-on.ts';
import { formTarget, type PromptPage, type Visit } from './visit.ts';

type Action = 'login' | 'register';
type Entered = Awaited<ReturnType<typeof signIn>>;

export const login: PromptPage = {
  async show(visit) {
    draw(visit, firstForm(visit), { values: { email: emailHint(visit) } }, 200);
  },

  async submit(visit, form) {
    const action: Action = form.action === 'register' ? 'register' : 'login';
    try {
      await finish(visit, form, await enter(visit, action, form));
    } catch (error) {
      answerRefusal(visit, action, form, error);
    }
  },
};

async function enter({ drawing, ctx }: Visit, action: Action, form: Form): Promise<Entered> {
  const { brand, ip } = ctx.state;
  const input = { email: form.email ?? '', password: form.password ?? '', ip, deviceCookie: deviceCookie(ctx) };
  if (action === 'login') return signIn(drawing.services, brand, input);
  try {
    return await register(drawing.services, brand, input);
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

function answerRefusal(visit: Visit, action: Action, form: Form, error: unknown): void {
  const values = { email: form.email ?? '', remember: form.remember ?? '' };
  const overloaded = error instanceof Refusal && error.status === 503;
  if (overloaded || isDatabaseAway(error)) {
    return answerUnavailable(visit.drawing, visit.ctx, error, { kind: action, ...formTarget(visit), values });
  }
  if (!(error instanceof Refusal)) throw error;
  if (error.retryAfter) visit.ctx.set('retry-after', String(error.retryAfter));
  const refusal = { code: error.code, field: error.field, params: error.params };
  draw(visit, action, { values, refusal }, error.status);
}

function draw(visit: Visit, first: Action, state: FormState, status: number): void {
  const { drawing, ctx, asking } = visit;
  const { brand } = ctx.state;
  const untouched: FormState = { values: {} };
  const page: LoginPage = {
    ...formTarget(visit),
    first,
    login: first === 'login' ? state : untouched,
    register: brand.settings.registration ? (first === 'register' ? state : untouched) : undefined,
    passwordMinimum: brand.settings.passwordMinimum,
  };
  show(drawing, ctx, ctx.state, 'login', page, { client: asking, status });
}

/** On a phone one form stands above the other: the likelier one first. */
function firstForm({ ctx, interaction }: Visit): Action {
  if (!ctx.state.brand.settings.registration) return 'login';
  const { prompt, login_hint: hint } = interaction.params;
  if (typeof prompt === 'string' && prompt.split(' ').includes('create')) return 'register';
  return hint || deviceCookie(ctx) ? 'login' : 'register';
}

function emailHint({ interaction }: Visit): string {
  const { login_hint: hint } = interaction.params;
  return typeof hint === 'string' && hint.length <= 254 ? hint : '';
}
