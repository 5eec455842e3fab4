// The language of this request: what the person chose, what the app asks for, what the browser says, what the brand speaks.

import { answersPrograms } from '../../oidc/outermost.ts';
import type { Context, Middleware } from '../request.ts';
import type { Locales } from './locale.ts';

const YEAR = 365 * 24 * 3600 * 1000;

export function chooseLocale(locales: Locales): Middleware {
  return (ctx, next) => {
    if (answersPrograms(ctx)) return next();
    ctx.state.locale = localeFor(locales, ctx, typeof ctx.query.ui_locales === 'string' ? ctx.query.ui_locales : undefined);
    speak(locales, ctx, ctx.query.lang);
    return next();
  };
}

/** The person chose: this answer and the coming ones are in that language, when it is one of ours. */
export function speak(locales: Locales, ctx: Context, lang: unknown): void {
  if (typeof lang !== 'string' || !locales.codes.includes(lang)) return;
  const secure = ctx.state.brand.issuer.startsWith('https:');
  ctx.cookies.set(cookieName(ctx), lang, { maxAge: YEAR, sameSite: 'lax', secure, signed: false });
  ctx.state.locale = lang;
}

/** `uiLocales` is the app's wish from the authorization request (OpenID Connect Core 3.1.2.1). */
export function localeFor(locales: Locales, ctx: Context, uiLocales: string | undefined): string {
  return locales.negotiateLocale({
    uiLocales,
    cookie: ctx.cookies.get(cookieName(ctx), { signed: false }),
    acceptLanguage: ctx.get('accept-language'),
    fallback: ctx.state.brand.settings.locale,
  });
}

function cookieName({ state: { brand } }: Context): string {
  return `${brand.issuer.startsWith('https:') ? '__Host-' : ''}${brand.id}.lang`;
}
