// The map: everything a request passes, in order.
import { join } from 'node:path';
import Koa from 'koa';
import type { Lifecycle } from './lifecycle.ts';
import { createProviders, type Providers } from './oidc/providers.ts';
import type { Services } from './services.ts';
import { createAssets } from './web/assets.ts';
import { type BrandDirectory, createBrandDirectory } from './web/brand-directory.ts';
import type { Drawing } from './web/drawing.ts';
import { createLogos } from './web/logos.ts';
import { admission } from './web/middleware/admission.ts';
import { selectBrand } from './web/middleware/brand.ts';
import { chooseLocale } from './web/middleware/choose-locale.ts';
import { farewell } from './web/middleware/farewell.ts';
import { faults } from './web/middleware/faults.ts';
import { health } from './web/middleware/health.ts';
import { createLocales, type Locales } from './web/middleware/locale.ts';
import { forPrograms, protocol } from './web/middleware/protocol.ts';
import { requestLog } from './web/middleware/request-log.ts';
import { securityHeaders, strictTransport } from './web/middleware/security-headers.ts';
import { trustedProxy } from './web/middleware/trusted-proxy.ts';
import { createViews } from './web/middleware/views.ts';
import { fewParameters, wellFormedTarget } from './web/middleware/well-formed.ts';
import { accountPages } from './web/pages/account/routes.ts';
import { assets } from './web/pages/assets.ts';
import { home } from './web/pages/home.ts';
import { inboxPages } from './web/pages/inbox.ts';
import { interactionRoutes } from './web/pages/interaction.ts';
import { mailLinks } from './web/pages/mail-links.ts';
import { providerPages } from './web/pages/provider-pages.ts';
import type { RequestState } from './web/request.ts';

export interface App {
  koa: Koa<RequestState>;
  providers: Providers;
  directory: BrandDirectory;
  lifecycle: Lifecycle;
  /** Mails speak as pages do. */
  locales: Locales;
}

export function createApp(services: Services): App {
  const { config, db, log } = services;
  const drawing: Drawing = {
    services,
    views: createViews({ folder: join(config.projectFolder, 'views'), cache: config.environment !== 'development' }),
    locales: createLocales({ folder: join(config.projectFolder, 'config/locales'), production: config.production }),
    assets: createAssets(join(config.projectFolder, 'public')),
    logos: createLogos(db),
  };
  const providers = createProviders(services, providerPages(drawing));
  const directory = createBrandDirectory(db);
  const lifecycle: Lifecycle = { leaving: false };

  const koa = new Koa<RequestState>();
  koa.silent = true;
  koa.use(requestLog(log));
  koa.use(farewell(lifecycle));
  koa.use(securityHeaders(config.publicUrl.startsWith('https:')));
  koa.use(health(db, lifecycle));
  koa.use(trustedProxy(config.trustedProxies, config.countryHeader));
  koa.use(faults(drawing));
  koa.use(selectBrand(directory, providers, config.environment === 'development' ? config.publicUrl : undefined));
  koa.use(strictTransport());
  // Before anybody looks into the query.
  koa.use(fewParameters());
  koa.use(chooseLocale(drawing.locales));
  koa.use(wellFormedTarget());
  // Back ends come by the thousand and want neither a language nor a look.
  koa.use(forPrograms(protocol()));
  koa.use(assets(drawing));
  koa.use(async (ctx, next) => {
    await drawing.logos.load(ctx.state.brand);
    return next();
  });
  koa.use(admission(services.hasher));
  koa.use(home(drawing));
  koa.use(inboxPages(drawing));
  koa.use(mailLinks(drawing));
  koa.use(accountPages(drawing));
  koa.use(interactionRoutes(drawing));
  koa.use(protocol());
  return { koa, providers, directory, lifecycle, locales: drawing.locales };
}
