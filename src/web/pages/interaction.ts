// Every page between an authorization request and its answer lives at <issuer>/interaction/:uid.
// The library says which prompt is due; the page of that name is shown. Nothing here redirects to another page.
import Router from '@koa/router';
import { Refusal } from '../../errors.ts';
import { findInteraction } from '../../oidc/interactions.ts';
import { openUnit } from '../../oidc/unit-of-work.ts';
import { isDatabaseAway } from '../../storage/database.ts';
import { LostRace } from '../../storage/unit-of-work.ts';
import { isOwnForm } from '../csrf.ts';
import type { Drawing } from '../drawing.ts';
import { type Form, readForm } from '../form.ts';
import { localeFor } from '../middleware/choose-locale.ts';
import { answerUnavailable } from '../middleware/faults.ts';
import type { Context, Middleware, RequestState } from '../request.ts';
import { acceptTerms } from './accept-terms.ts';
import { completeAccount } from './complete-account.ts';
import { confirmRegistrationStep } from './confirm-registration.ts';
import { consent } from './consent.ts';
import { forgotPassword } from './forgot-password.ts';
import { gone, resumeSpent } from './gone.ts';
import { login } from './login.ts';
import { keptQuestions } from './login-questions.ts';
import { askUnlock } from './unlock.ts';
import { verifyEmail } from './verify-email.ts';
import { askingClient, type PromptPage, type Visit } from './visit.ts';

const pages: Readonly<Record<string, PromptPage>> = {
  login,
  create: login,
  verify_email: verifyEmail,
  accept_terms: acceptTerms,
  complete_account: completeAccount,
  consent,
};

/** Side ways of a sign-in: /interaction/:uid/<name>. They need the same paused request in the same browser, and lead back to it. */
const steps: Readonly<Record<string, PromptPage>> = {
  'verify-email': confirmRegistrationStep,
  'forgot-password': forgotPassword,
  'ask-unlock': askUnlock,
};

export function interactionRoutes(drawing: Drawing): Middleware {
  const router = new Router<RequestState>();
  const show = (ctx: Routed, page: (visit: Visit) => PromptPage) =>
    inOneUnit(drawing, ctx, async () => {
      const visit = await open(drawing, ctx);
      if (!visit) return (ctx.query.resume === undefined ? gone : resumeSpent)(drawing, ctx, ctx.params.uid ?? '');
      await page(visit).show(visit);
    });
  const submit = async (ctx: Routed, page: (visit: Visit) => PromptPage) => {
    // Read before anything that needs the database, so that a page saying "try again" can give back what was typed.
    const form = await readForm(ctx.req);
    const { uid } = ctx.params as { uid: string };
    if (!isOwnForm(drawing.services.keyring, ctx, uid, form.csrf)) throw new Refusal('form_expired');
    try {
      await inOneUnit(drawing, ctx, async () => {
        const visit = await open(drawing, ctx);
        // A second press: the first one has already gone on.
        if (!visit) return resumeSpent(drawing, ctx, uid);
        await page(visit).submit(visit, form);
      });
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      answerUnavailable(drawing, ctx, error, typedForm(ctx, form));
    }
  };
  router.get('/interaction/:uid', (ctx) => show(ctx, pageOf));
  router.post('/interaction/:uid', (ctx) => submit(ctx, pageOf));
  for (const [name, step] of Object.entries(steps)) {
    router.get(`/interaction/:uid/${name}`, (ctx) => show(ctx, () => step));
    router.post(`/interaction/:uid/${name}`, (ctx) => submit(ctx, () => step));
  }
  return router.routes() as unknown as Middleware;
}

type Routed = Context & { params: Record<string, string> };

/** What the flow and the library write is committed once, before the answer leaves; what broke leaves nothing behind. */
function inOneUnit({ services }: Drawing, ctx: Context, work: () => Promise<void>): Promise<void> {
  return openUnit(services, ctx.state.brand.id, async (unit) => {
    await work();
    if (ctx.status >= 500) return;
    await unit.commit().catch((error: unknown) => {
      throw error instanceof LostRace ? new Refusal('form_expired') : error;
    });
  });
}

async function open(drawing: Drawing, ctx: Routed): Promise<Visit | undefined> {
  const { provider } = ctx.state;
  const interaction = await findInteraction(provider, ctx.req, ctx.res, ctx.params.uid ?? '');
  if (!interaction) return undefined;
  const client = await provider.Client.find(String(interaction.params.client_id));
  if (!client) return undefined;
  const { ui_locales: uiLocales } = interaction.params;
  if (typeof uiLocales === 'string' && !ctx.query.lang) ctx.state.locale = localeFor(drawing.locales, ctx, uiLocales);
  return { drawing, ctx, interaction, client, asking: askingClient(client, interaction.params.redirect_uri) };
}

function pageOf({ interaction }: Visit): PromptPage {
  const page = pages[interaction.prompt.name];
  if (!page) throw new Error(`there is no page for the prompt ${interaction.prompt.name}`);
  return page;
}

/** What comes back on the page that says "try again": never the password. */
function typedForm(ctx: Context, form: Form) {
  const { email = '', csrf = '' } = form;
  const kind = form.action === 'register' || form.form === 'register' ? ('register' as const) : ('login' as const);
  // Side ways have forms of their own, which the page that says "try again" cannot draw.
  const isSignIn = /^\/interaction\/[^/]+$/.test(ctx.path);
  return email && isSignIn ? { kind, action: ctx.state.mountPath + ctx.path, csrf, values: keptQuestions(ctx, form) } : undefined;
}
