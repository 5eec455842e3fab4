// Draws a page in the brand's look and the person's language.
import { themeCss } from '../domain/theme-css.ts';
import type { Services } from '../services.ts';
import type { Assets } from './assets.ts';
import type { Logos } from './logos.ts';
import { dayIn, type Locales } from './middleware/locale.ts';
import { contentSecurityPolicy } from './middleware/security-headers.ts';
import type { Views } from './middleware/views.ts';
import type { PageFrame, PageName, Pages } from './page-locals.ts';
import type { RequestState } from './request.ts';

export interface Drawing {
  services: Services;
  views: Views;
  locales: Locales;
  assets: Assets;
  logos: Logos;
}

/** The app that asks, as pages name it. `redirectUri` decides what the page's form-action must allow. */
export interface AskingClient {
  name: string;
  homeUrl?: string | undefined;
  redirectUri?: string | undefined;
}

interface Answer {
  readonly method: string;
  readonly path: string;
  readonly querystring: string;
  status: number;
  type: string;
  body: unknown;
  set(name: string, value: string): void;
}

/** Answers with a whole page. Works for our own contexts and for oidc-provider's. */
export function show<Name extends PageName>(
  drawing: Drawing,
  ctx: Answer,
  state: RequestState,
  name: Name,
  locals: Pages[Name],
  { client, status = 200 }: { client?: AskingClient | undefined; status?: number } = {},
): void {
  ctx.status = status;
  ctx.type = 'text/html; charset=utf-8';
  ctx.set('content-security-policy', contentSecurityPolicy(client?.redirectUri));
  ctx.body = drawing.views.render(name, { ...frame(drawing, ctx, state, client), ...locals });
}

function frame(
  { assets, locales, logos, services }: Drawing,
  ctx: Answer,
  state: RequestState,
  client: AskingClient | undefined,
): PageFrame {
  const { brand, locale, mountPath } = state;
  const logo = logos.path(brand);
  return {
    brand: { name: brand.name, slug: brand.slug, logoUrl: logo && mountPath + logo, links: brand.theme.links, homePath: `${mountPath}/` },
    locale,
    dir: locales.directionOf(locale),
    t: locales.translator(locale),
    day: (date) => dayIn(locale, new Date(date)),
    locales: hasGet(ctx) ? locales.localeLinks(locale, ctx.querystring) : [],
    stylesheet: mountPath + stylesheetPath(assets, state),
    script: mountPath + assets.scriptPath('portico'),
    client: client && { name: client.name, homeUrl: client.homeUrl },
    devInboxUrl: services.config.mailInbox && `${mountPath}/dev/mail`,
  };
}

/** The language switch asks for the same address again; an address that only takes forms has nothing to show. */
function hasGet({ method, path }: Answer): boolean {
  return method !== 'POST' || /^\/(auth|device|session\/end|interaction\/[^/]+(\/[a-z-]+)?|reset-password|account\/[a-z]+)$/.test(path);
}

export function stylesheetPath(assets: Assets, { brand }: Pick<RequestState, 'brand'>): string {
  return assets.stylesheetFor(`${brand.id}/${brand.version}`, () => themeCss(brand.theme)).path;
}
