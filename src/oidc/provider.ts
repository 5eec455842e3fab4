// One oidc-provider for one brand. The library brings the protocol; what it leaves open is decided in the files beside this one.
import { type JWKS, Provider } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { signingKeyPlace } from '../domain/signing-keys.ts';
import type { Services } from '../services.ts';
import * as signingKeys from '../storage/signing-keys.ts';
import { createAdapter, refuseReplays } from './adapter.ts';
import { compareSecret, createClientStore } from './clients.ts';
import { commitRequest } from './commit.ts';
import { prepareDocuments } from './documents.ts';
import { accountFinder } from './find-account.ts';
import { limitFailures } from './limits.ts';
import { enqueueLogouts } from './logout.ts';
import { answerFault, outermost } from './outermost.ts';
import type { ProviderPages } from './pages.ts';
import { nameSuccessors } from './refresh-window.ts';
import { guardRegistration } from './registration.ts';
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
  await prepareDocuments(provider, brand.issuer);
  routeIds(provider);
  nameSuccessors(provider, services.keyring);
  refuseReplays(provider);
  enqueueLogouts(provider, services, brand);
  provider.Client.prototype.compareClientSecret = function compareClientSecret(presented: string) {
    return compareSecret(this, presented);
  };
  provider.use(outermost(services, pages));
  provider.use(limitFailures(services, brand, pages));
  provider.use(guardRegistration(provider));
  provider.use(commitRequest(services, brand, pages));
  provider.on('server_error', (ctx, error) => answerFault(services, ctx, error));
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
