// Finds the brand of a request. A found version is trusted for a moment; whatever is cached further on is keyed by it.
import type { Brand } from '../domain/brands.ts';
import * as brands from '../storage/brands.ts';
import type { Db } from '../storage/database.ts';

export interface BrandDirectory {
  /** `host` is lower-case, with its port if it named one; `segment` is the first path segment or ''. */
  select(host: string, segment: string): Promise<Brand | undefined>;
}

// How long a change of a brand may take to be seen by this process, in milliseconds.
const TRUSTED_FOR = 1_000;
// Hosts and segments come from strangers; past this many the cache starts anew.
const BOUND = 5_000;

export function createBrandDirectory(db: Db, trustedFor = TRUSTED_FOR): BrandDirectory {
  const cache = new Map<string, { until: number; brand: Promise<Brand | undefined> }>();

  async function select(host: string, segment: string): Promise<Brand | undefined> {
    const key = `${host}/${segment}`;
    const known = cache.get(key);
    if (known && known.until > performance.now()) return known.brand;
    if (cache.size >= BOUND) cache.clear();
    const brand = find(host, segment);
    cache.set(key, { until: performance.now() + trustedFor, brand });
    brand.catch(() => cache.delete(key));
    return brand;
  }

  async function find(host: string, segment: string): Promise<Brand | undefined> {
    const hosts = [`https://${withoutPort(host, '443')}`, `http://${withoutPort(host, '80')}`];
    const candidates = segment ? [...hosts, ...hosts.map((origin) => `${origin}/${segment}`)] : hosts;
    const brand = await brands.findByIssuer(db, candidates);
    return brand?.disabledAt ? undefined : brand;
  }

  return { select };
}

function withoutPort(host: string, port: string): string {
  return host.endsWith(`:${port}`) ? host.slice(0, -port.length - 1) : host;
}
