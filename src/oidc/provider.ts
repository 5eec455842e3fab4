// One oidc-provider for one brand. The library brings the protocol; what it leaves open is decided in the files beside this one.
import { type JWKS, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { signingKeyPlace } from '../domain/signing-keys.ts';
import type { Services } from '../services.ts';
import { isDatabaseAway } from '../storage/database.ts';
import * as signingKeys from '../storage/signing-keys.ts';
import { createAdapter, refuseReplays } from './adapter.ts';
import { compareSecret, createClientStore } from './clients.ts';
import { accountFinder } from './find-account.ts';
import type { ProviderPages } from './pages.ts';
import { routeIds } from './route-ids.ts';
import { settings } from './settings.ts';

export async function createProvider(services: Services, brand: Brand, pages: ProviderPages): Promise<Provider> {
  const provider = new Provider(brand.issuer, {
    adapter: createAdapter(services, brand, createClientStore(services, brand)),
    ...settings({
      brand,
      keyring: services.keyring,
      jwks: await loadKeys(services, brand),
      pages,
      findAccount: accountFinder(services, brand),
    }),
  });
  // The scheme and host it sees were set by us from the issuer (web/middleware/brand.ts), never by a stranger.
  provider.proxy = true;
  routeIds(provider);
  refuseReplays(provider);
  provider.Client.prototype.compareClientSecret = function compareClientSecret(presented: string) {
    return compareSecret(this, presented);
  };
  provider.use((ctx, next) => finish(services, pages, ctx as KoaContextWithOIDC, next));
  provider.on('server_error', (ctx, error) => fail(services, ctx, error));
  // Faults are logged where they are answered; Koa would print them a second time.
  provider.silent = true;
  return provider;
}

async function loadKeys({ db, keyring }: Services, brand: Brand): Promise<JWKS> {
  const stored = await signingKeys.list(db, brand.id);
  const keys = stored.map((key) => {
    const opened = keyring.open('signing_keys', signingKeyPlace(brand.id, key.kid), key.privateJwk);
    return JSON.parse(opened.toString('utf8')) as JWKS['keys'][number];
  });
  return { keys };
}

/** The outermost layer inside the library's stack: what nobody answered, what broke after the answer, and its self-submitting forms. */
async function finish(services: Services, pages: ProviderPages, ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  try {
    await next();
  } catch (error) {
    services.log.error({ err: error }, 'request failed');
    ctx.status = 500;
    ctx.body = undefined;
    await pages.error(ctx, { error: 'server_error', error_description: 'something went wrong' }, error as Error);
    return;
  }
  if (ctx.status === 404 && !ctx.body) pages.notFound(ctx);
  // Koa writes the target into the body of a redirect; nobody reads it and scanners rightly complain.
  if (ctx.status >= 300 && ctx.status < 400) ctx.body = '';
  if (typeof ctx.body === 'string' && ctx.body.includes('<title>Submitting Callback</title>')) ctx.body = pages.formPost(ctx, ctx.body);
}

/** The library answers 500 for whatever it did not expect; a database that is away is 503 (RFC 7009 2.2.1). */
function fail({ log }: Services, ctx: KoaContextWithOIDC, error: Error): void {
  log.error({ err: error, route: ctx.oidc?.route }, 'request failed');
  if (!isDatabaseAway(error)) return;
  ctx.status = 503;
  ctx.set('retry-after', '2');
  if (typeof ctx.body === 'object') ctx.body = { error: 'temporarily_unavailable', error_description: 'try again in a moment' };
}
