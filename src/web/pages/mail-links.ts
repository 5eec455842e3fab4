// Pages that a link in a mail opens. GET shows what the link is for and changes nothing; POST does it, once.
// Each lives at its own address and, for a link that was asked for during a sign-in, also under that sign-in's, where its cookie is seen.
import Router from '@koa/router';
import { Refusal } from '../../errors.ts';
import { openUnit } from '../../oidc/unit-of-work.ts';
import type { Drawing } from '../drawing.ts';
import { type Form, readForm } from '../form.ts';
import { isOwnLinkForm, keepToken, linkToken } from '../mail-link.ts';
import type { Context, Middleware, RequestState } from '../request.ts';
import { confirmConsent } from './confirm-consent.ts';
import { confirmEmail } from './confirm-email.ts';
import { keepAccount } from './keep-account.ts';
import { resetPassword } from './reset-password.ts';
import { secureAccount } from './secure-account.ts';
import { undoEmail } from './undo-email.ts';
import { unlock } from './unlock.ts';

/** A link that was opened. */
export interface LinkVisit {
  drawing: Drawing;
  ctx: Context;
  /** Handle and secret, as they were mailed; perhaps neither. */
  token: string;
  /** The sign-in it was asked for in. */
  uid: string | undefined;
}

export interface LinkPage {
  show(visit: LinkVisit): Promise<void>;
  submit(visit: LinkVisit, form: Form): Promise<void>;
}

/** By the last segment of their address. */
const pages: Readonly<Record<string, LinkPage>> = {
  'confirm-consent': confirmConsent,
  'confirm-email': confirmEmail,
  'keep-account': keepAccount,
  'reset-password': resetPassword,
  'secure-account': secureAccount,
  'undo-email': undoEmail,
  unlock,
};

export function mailLinks(drawing: Drawing): Middleware {
  const router = new Router<RequestState>();
  for (const [name, page] of Object.entries(pages)) {
    const paths = [`/${name}`, `/interaction/:uid/${name}`];
    router.get(paths, async (ctx, next) => {
      if (!isPlace(ctx)) return next();
      if (keepToken(ctx)) return;
      await page.show(visitOf(drawing, ctx));
    });
    router.post(paths, async (ctx, next) => {
      if (!isPlace(ctx)) return next();
      const form = await readForm(ctx.req);
      if (!isOwnLinkForm(drawing.services.keyring, ctx, form.csrf)) throw new Refusal('form_expired');
      await openUnit(drawing.services, ctx.state.brand.id, async (unit) => {
        await page.submit(visitOf(drawing, ctx), form);
        if (ctx.status < 500) await unit.commit();
      });
    });
  }
  return router.routes() as unknown as Middleware;
}

/** Its path becomes a cookie's: nothing else may stand in it than in the name of a sign-in. */
function isPlace({ params: { uid } }: { params: Record<string, string> }): boolean {
  return uid === undefined || /^[\w-]{1,100}$/.test(uid);
}

function visitOf(drawing: Drawing, ctx: Context & { params: Record<string, string> }): LinkVisit {
  return { drawing, ctx, token: linkToken(ctx) ?? '', uid: ctx.params.uid };
}
