// "Create account" on the sign-in page, as the brand's policy has it: a mail first, an account at once and a mail, or no mail at all.
import { beginRegistration } from '../../flows/begin-registration.ts';
import { register } from '../../flows/register.ts';
import { deviceCookie } from '../device-cookie.ts';
import { type FlowPlace, flowHandle, rememberFlow } from '../flow-cookie.ts';
import type { Form } from '../form.ts';
import { sourceOf } from '../source.ts';
import type { Entered } from './enter.ts';
import { registrationForm } from './login-questions.ts';
import { seeOther, type Visit } from './visit.ts';

/** Whose mail this browser waits for: of a newcomer, in this sign-in alone. */
export function registrationPlace({ interaction }: Pick<Visit, 'interaction'>): FlowPlace {
  return { purpose: 'register', under: `/interaction/${interaction.uid}` };
}

/** Of an account that exists: in whichever sign-in comes next. */
export const verificationPlace: FlowPlace = { purpose: 'verify_email', under: '/interaction' };

export function confirmPath({ interaction }: Visit): string {
  return `/interaction/${interaction.uid}/confirm-email`;
}

/** Sends the mail and the browser to the page that waits for its code. */
export async function beginByMail(visit: Visit, form: Form, signal: AbortSignal): Promise<void> {
  const { drawing, ctx, asking, client } = visit;
  const { services } = drawing;
  const place = registrationPlace(visit);
  const { handle } = await beginRegistration(services, ctx.state.brand, {
    email: form.email ?? '',
    password: form.password ?? '',
    form: registrationForm(ctx, form),
    source: sourceOf(ctx, client.clientId),
    confirmPath: confirmPath(visit),
    pending: flowHandle(services.keyring, ctx, place),
    clientName: asking.name,
    signal,
  });
  rememberFlow(services.keyring, ctx, place, handle);
  seeOther(ctx, `${ctx.state.brand.issuer}/interaction/${visit.interaction.uid}/verify-email`);
}

/** The account exists at once. */
export async function registerNow(visit: Visit, form: Form, signal: AbortSignal): Promise<Entered> {
  const { drawing, ctx, asking, client } = visit;
  const entered = await register(drawing.services, ctx.state.brand, {
    email: form.email ?? '',
    password: form.password ?? '',
    form: registrationForm(ctx, form),
    source: sourceOf(ctx, client.clientId),
    deviceCookie: deviceCookie(ctx),
    clientName: asking.name,
    signal,
  });
  if (entered.handle) rememberFlow(drawing.services.keyring, ctx, verificationPlace, entered.handle);
  return entered;
}
