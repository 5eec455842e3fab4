// The language of this request: what the person chose, what the app asks for, what the browser says, what the brand speaks.

import type { Context, Middleware } from '../request.ts';
import type { Locales } from './locale.ts';

const YEAR = 365 * 24 * 3600 * 1000;

export function chooseLocale(locales: Locales): Middleware {
  return (ctx, next) => {
    const chosen = typeof ctx.query.lang === 'string' && locales.codes.includes(ctx.query.lang) ? ctx.query.lang : undefined;
    if (chosen) {
      const { issuer } = ctx.state.brand;
      ctx.cookies.set(cookieName(ctx), chosen, { maxAge: YEAR, sameSite: 'lax', secure: issuer.startsWith('https:'), signed: false });
    }
    ctx.state.locale = chosen ?? localeFor(locales, ctx, typeof ctx.query.ui_locales === 'string' ? ctx.query.ui_locales : undefined);
    return next();
  };
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
