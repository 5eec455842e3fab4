// The newcomer has been sent a mail and waits here: for its code, or until its link was opened somewhere. Only this browser goes on.
import { Refusal } from '../../errors.ts';
import { mailRegistrationAgain } from '../../flows/begin-registration.ts';
import { confirmRegistration, enterConfirmed } from '../../flows/confirm-registration.ts';
import { deviceCookie } from '../device-cookie.ts';
import { flowHandle, forgetFlow, rememberFlow } from '../flow-cookie.ts';
import type { Form } from '../form.ts';
import { sourceOf } from '../source.ts';
import { confirmPath, registrationPlace } from './begin-registration.ts';
import { drawCheckEmail, waitingCode } from './check-email.ts';
import { type Entered, enter } from './enter.ts';
import { formTarget, type PromptPage, seeOther, stepTarget, type Visit } from './visit.ts';

const STEP = 'verify-email';

/** A side way of the sign-in: /interaction/:uid/verify-email. Posts `action` = again, carry-on, or a `code`. */
export const confirmRegistrationStep: PromptPage = {
  show: (visit) => draw(visit),

  async submit(visit, form) {
    try {
      if (form.action === 'again') return await again(visit);
      const entered = await prove(visit, form);
      forgetFlow(visit.ctx, registrationPlace(visit));
      return await enter(visit, entered);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      await draw(visit, error);
    }
  },
};

async function prove(visit: Visit, form: Form): Promise<Entered> {
  const { drawing, ctx, client } = visit;
  const { brand } = ctx.state;
  const waited = { handle: handleOf(visit), deviceCookie: deviceCookie(ctx) };
  if (form.action === 'carry-on') return enterConfirmed(drawing.services, brand, waited);
  const shown = { handle: waited.handle, typed: form.code ?? '' };
  try {
    return await confirmRegistration(drawing.services, brand, { ...waited, shown, source: sourceOf(ctx, client.clientId) });
  } catch (error) {
    // The link was quicker, or an earlier press.
    if (error instanceof Refusal && error.code === 'code_used') return enterConfirmed(drawing.services, brand, waited);
    throw error;
  }
}

async function again(visit: Visit): Promise<void> {
  const { drawing, ctx, client } = visit;
  const { services } = drawing;
  const asked = { handle: handleOf(visit), confirmPath: confirmPath(visit), source: sourceOf(ctx, client.clientId) };
  const { handle } = await mailRegistrationAgain(services, ctx.state.brand, asked);
  rememberFlow(services.keyring, ctx, registrationPlace(visit), handle);
  seeOther(ctx, `${ctx.state.brand.issuer}/interaction/${visit.interaction.uid}/${STEP}?sent`);
}

/** @throws Refusal code_expired where this browser waits for nothing. */
function handleOf(visit: Visit): string {
  const handle = flowHandle(visit.drawing.services.keyring, visit.ctx, registrationPlace(visit));
  if (!handle) throw new Refusal('code_expired', 'code');
  return handle;
}

async function draw(visit: Visit, refusal?: Refusal): Promise<void> {
  const handle = flowHandle(visit.drawing.services.keyring, visit.ctx, registrationPlace(visit));
  const waiting = await waitingCode(visit, 'register', handle);
  const page = { ...stepTarget(visit, STEP), backUrl: formTarget(visit).action, state: waiting?.state ?? ('expired' as const) };
  // A dead page has no field to put the sentence at: it says what to do by itself.
  drawCheckEmail(visit, { ...page, email: waiting?.email }, waiting ? refusal : undefined);
}
