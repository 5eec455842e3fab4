// One provider per brand and version, built when first asked for, the longest unused dropped first.
import type { Provider } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import type { Services } from '../services.ts';
import type { ProviderPages } from './pages.ts';
import { createProvider } from './provider.ts';

export interface Providers {
  /** The provider of exactly this version of the brand. */
  of(brand: Brand): Promise<Provider>;
  readonly size: number;
}

// About 42 kB each (measured): a thousand live brands cost as much as one photo on a phone.
const BOUND = 1_000;

export function createProviders(services: Services, pages: ProviderPages, bound = BOUND): Providers {
  const cache = new Map<number, { version: number; provider: Promise<Provider> }>();

  function of(brand: Brand): Promise<Provider> {
    const known = cache.get(brand.id);
    cache.delete(brand.id);
    const entry = known?.version === brand.version ? known : { version: brand.version, provider: build(brand) };
    cache.set(brand.id, entry);
    if (cache.size > bound) cache.delete(cache.keys().next().value as number);
    return entry.provider;
  }

  function build(brand: Brand): Promise<Provider> {
    const provider = createProvider(services, brand, pages);
    // A failure (the database was away) is not remembered.
    provider.catch(() => {
      if (cache.get(brand.id)?.version === brand.version) cache.delete(brand.id);
    });
    return provider;
  }

  return {
    of,
    get size() {
      return cache.size;
    },
  };
}
