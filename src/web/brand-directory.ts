// Finds the brand of a request. A found version is trusted for a moment; whatever is cached further on is keyed by it.
import type { Brand } from '../domain/brands.ts';
import * as brands from '../storage/brands.ts';
import { type Db, isDatabaseAway } from '../storage/database.ts';

export interface BrandDirectory {
  /** `host` is lower-case, with its port if it named one; `segment` is the first path segment or ''. */
  select(host: string, segment: string): Promise<Brand | undefined>;
}

interface Entry {
  until: number;
  brand: Promise<Brand | undefined>;
  /** What the last look-up that was answered found. */
  last: Brand | undefined;
}

// How long a change of a brand may take to be seen by this process, in milliseconds.
const TRUSTED_FOR = 1_000;
// How long a request waits for news of a brand it knows already, in milliseconds: a database that hangs must not stop what needs none.
const PATIENCE = 250;
// Hosts and segments come from strangers; past this many the cache starts anew.
const BOUND = 5_000;

export function createBrandDirectory(db: Db, trustedFor = TRUSTED_FOR): BrandDirectory {
  const cache = new Map<string, Entry>();

  async function select(host: string, segment: string): Promise<Brand | undefined> {
    const key = `${host}/${segment}`;
    const known = cache.get(key);
    if (known && known.until > performance.now()) return known.brand;
    if (cache.size >= BOUND) cache.clear();
    const entry: Entry = { until: performance.now() + trustedFor, brand: refresh(host, segment, known?.last), last: known?.last };
    cache.set(key, entry);
    entry.brand.then(
      (brand) => {
        entry.last = brand;
      },
      () => cache.get(key) === entry && cache.delete(key),
    );
    return entry.brand;
  }

  /** The brand as it is now; as it was, while the database is away or slow to say. */
  async function refresh(host: string, segment: string, last: Brand | undefined): Promise<Brand | undefined> {
    const fresh = find(host, segment);
    if (!last) return fresh;
    const known = fresh.catch((error: unknown) => {
      if (isDatabaseAway(error)) return last;
      throw error;
    });
    return soonerThan(PATIENCE, known, last);
  }

  async function find(host: string, segment: string): Promise<Brand | undefined> {
    const hosts = [`https://${withoutPort(host, '443')}`, `http://${withoutPort(host, '80')}`];
    const candidates = segment ? [...hosts, ...hosts.map((origin) => `${origin}/${segment}`)] : hosts;
    const brand = await brands.findByIssuer(db, candidates);
    return brand?.disabledAt ? undefined : brand;
  }

  return { select };
}

async function soonerThan<Result>(milliseconds: number, awaited: Promise<Result>, otherwise: Result): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>((resolve) => {
    timer = setTimeout(resolve, milliseconds, otherwise);
  });
  // When it is late nobody hears of its failure any more.
  awaited.catch(() => {});
  return Promise.race([awaited, late]).finally(() => clearTimeout(timer));
}

function withoutPort(host: string, port: string): string {
  return host.endsWith(`:${port}`) ? host.slice(0, -port.length - 1) : host;
}
