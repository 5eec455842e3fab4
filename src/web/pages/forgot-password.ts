// "Forgot password?": first the address, then the mailed code and a new password. The page is the same whoever's address it is.
import { CODE_TRIES, readDigits } from '../../domain/one-time-codes.ts';
import { Refusal } from '../../errors.ts';
import { forgotPassword as ask } from '../../flows/forgot-password.ts';
import { resetPassword } from '../../flows/reset-password.ts';
import { clientOf } from '../../oidc/clients.ts';
import { restartUrl } from '../../oidc/restart.ts';
import { deviceCookie, rememberDeviceCookie } from '../device-cookie.ts';
import { show } from '../drawing.ts';
import type { Form } from '../form.ts';
import type { FormState } from '../page-locals.ts';
import { type Recovery, recall, remember } from '../recovery-cookie.ts';
import { sourceOf } from '../source.ts';
import { formTarget, type PromptPage, seeOther, stepTarget, type Visit } from './visit.ts';

const STEP = 'forgot-password';

export const forgotPassword: PromptPage = {
  async show(visit) {
    const recovery = recallOf(visit);
    draw(visit, recovery, { values: { email: recovery?.email ?? hintOf(visit) } });
  },

  async submit(visit, form) {
    const recovery = recallOf(visit);
    if (form.action === 'another') return begin(visit, recovery?.email ?? '');
    // Without its cookie this browser waits for no code: it asks once more.
    if (form.action === 'reset') return recovery?.handle ? change(visit, form, recovery) : begin(visit, form.email ?? '');
    return send(visit, form, recovery);
  },
};

/** From the sign-in page: what was typed there comes along. */
export function begin(visit: Visit, email: string): void {
  keep(visit, { email });
  seeOther(visit.ctx, stepTarget(visit, STEP).action);
}

/** The address this browser set a new password for, to be filled in where it signs in. */
export function recoveredEmail(visit: Visit): string | undefined {
  return recallOf(visit)?.email;
}

async function send(visit: Visit, form: Form, recovery: Recovery | undefined): Promise<void> {
  const { drawing, ctx, client, interaction } = visit;
  const again = form.action === 'again' && recovery !== undefined;
  const email = again ? recovery.email : (form.email ?? '');
  const registered = clientOf(client).reset_urls;
  const under = `/interaction/${interaction.uid}`;
  const handle = recovery?.email === email ? recovery.handle : undefined;
  try {
    const source = sourceOf(ctx, client.clientId);
    const asked = await ask(drawing.services, ctx.state.brand, { email, source, under, handle, registered, resetUrl: registered?.[0] });
    keep(visit, { email, handle: asked.handle });
    seeOther(ctx, `${stepTarget(visit, STEP).action}${again ? '?again' : ''}`);
  } catch (error) {
    refuse(visit, undefined, { email }, error);
  }
}

async function change(visit: Visit, form: Form, recovery: Recovery): Promise<void> {
  const { drawing, ctx, client, asking } = visit;
  try {
    const { deviceCookie: known } = await resetPassword(drawing.services, ctx.state.brand, {
      shown: { handle: recovery.handle ?? '', typed: form.code ?? '' },
      password: form.password ?? '',
      source: sourceOf(ctx, client.clientId),
      deviceCookie: deviceCookie(ctx),
      clientName: asking.name,
    });
    if (known) rememberDeviceCookie(ctx, known);
    keep(visit, { email: recovery.email });
    seeOther(ctx, await wayOn(visit));
  } catch (error) {
    refuse(visit, recovery, { code: form.code ?? '' }, error);
  }
}

/** A request that was for somebody signed in begins again: their session has ended with all others. */
async function wayOn(visit: Visit): Promise<string> {
  const { ctx, interaction } = visit;
  if (interaction.accountId === undefined || interaction.forDevice) return `${formTarget(visit).action}?notice=password_changed`;
  return restartUrl(ctx.state.provider, interaction, interaction.params.prompt as string | undefined);
}

/** Tries are counted here too: the sentence after the fifth is the same, whether the code was somebody's or nobody's. */
function refuse(visit: Visit, recovery: Recovery | undefined, values: FormState['values'], error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
  const counts = recovery && error.code === 'code_wrong' && readDigits(values.code ?? '') !== undefined;
  const tries = (recovery?.tries ?? 0) + (counts ? 1 : 0);
  if (counts) keep(visit, { ...recovery, tries });
  const { code, field, params } = error.code === 'code_wrong' && tries >= CODE_TRIES ? new Refusal('code_tries', 'code') : error;
  if (error.retryAfter) visit.ctx.set('retry-after', String(error.retryAfter));
  draw(visit, recovery, { values, refusal: { code, field, params } }, error.status);
}

function draw(visit: Visit, recovery: Recovery | undefined, form: FormState, status = 200): void {
  const { drawing, ctx, asking } = visit;
  const page = { ...stepTarget(visit, STEP), backUrl: formTarget(visit).action, form };
  if (!recovery?.handle) return show(drawing, ctx, ctx.state, 'forgot-password', page, { client: asking, status });
  const again = ctx.method === 'GET' && ctx.query.again !== undefined;
  const { passwordMinimum } = ctx.state.brand.settings;
  show(
    drawing,
    ctx,
    ctx.state,
    'forgot-password-sent',
    { ...page, email: recovery.email, again, passwordMinimum },
    { client: asking, status },
  );
}

function recallOf({ drawing, ctx, interaction }: Visit): Recovery | undefined {
  return recall(drawing.services.keyring, ctx, interaction.uid);
}

function keep({ drawing, ctx, interaction }: Visit, recovery: Recovery): void {
  remember(drawing.services.keyring, ctx, interaction.uid, recovery);
}

function hintOf({ interaction }: Visit): string {
  const { login_hint: hint } = interaction.params;
  return typeof hint === 'string' && hint.length <= 254 ? hint : '';
}
