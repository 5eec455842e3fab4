// Finds the brand of a request, from memory as long as nothing was heard of a change. Whatever is cached further on is keyed by its version.
import type { Brand } from '../domain/brands.ts';
import { type BrandNews, changedWithin } from '../storage/brand-changes.ts';
import * as brands from '../storage/brands.ts';
import { type Db, isDatabaseAway } from '../storage/database.ts';

export interface BrandDirectory extends BrandNews {
  /** `host` is lower-case, with its port if it named one; `segment` is the first path segment or ''. */
  select(host: string, segment: string): Promise<Brand | undefined>;
}

interface Entry {
  brand: Promise<Brand | undefined>;
  /** What the last look-up that was answered found. */
  last: Brand | undefined;
  /** Asked again at the next request: a change was heard of, or nobody was found and somebody may come. */
  staleAt: number;
}

// Where notifications do not pass, a change is found by asking this often, in milliseconds.
const POLL = 4_000;
// How long "nobody of that name" is believed, in milliseconds.
const ABSENCE = 1_000;
// How long a request waits for news of a brand it knows already, in milliseconds: a database that hangs must not stop what needs none.
const PATIENCE = 250;
// Hosts and segments come from strangers; past this many the cache starts anew.
const BOUND = 20_000;

export function createBrandDirectory(db: Db): BrandDirectory {
  const cache = new Map<string, Entry>();
  let polledAt = performance.now();

  async function select(host: string, segment: string): Promise<Brand | undefined> {
    if (performance.now() - polledAt > POLL) await poll();
    const key = `${host}/${segment}`;
    const known = cache.get(key);
    if (known && performance.now() < known.staleAt) return known.brand;
    if (cache.size >= BOUND) cache.clear();
    const entry = look(host, segment, known?.last);
    cache.set(key, entry);
    entry.brand.catch(() => cache.get(key) === entry && cache.delete(key));
    return entry.brand;
  }

  function look(host: string, segment: string, last: Brand | undefined): Entry {
    const entry: Entry = { brand: refresh(find(host, segment), last), last, staleAt: Number.POSITIVE_INFINITY };
    entry.brand.then(
      (brand) => {
        // Found nobody, or only what was known before (the database is away): ask again soon.
        if (!brand || brand === last) entry.staleAt = Math.min(entry.staleAt, performance.now() + ABSENCE);
        entry.last = brand;
      },
      () => {},
    );
    return entry;
  }

  async function find(host: string, segment: string): Promise<Brand | undefined> {
    const hosts = [`https://${withoutPort(host, '443')}`, `http://${withoutPort(host, '80')}`];
    const candidates = segment ? [...hosts, ...hosts.map((origin) => `${origin}/${segment}`)] : hosts;
    const brand = await brands.findByIssuer(db, candidates);
    return brand?.disabledAt ? undefined : brand;
  }

  /** One statement for all brands; twice the interval, so that a slow commit is not missed. */
  async function poll(): Promise<void> {
    const since = (performance.now() - polledAt) / 1_000;
    polledAt = performance.now();
    const changes = changedWithin(db, since * 2).then((rows) => {
      for (const { id, version } of rows) changed(id, version);
    });
    await soonerThan(PATIENCE, changes, undefined).catch(() => {});
  }

  function changed(brandId: number, version?: number): void {
    for (const entry of cache.values()) {
      const isIt = entry.last ? entry.last.id === brandId && entry.last.version !== version : true;
      if (isIt) entry.staleAt = 0;
    }
  }

  function missed(): void {
    for (const entry of cache.values()) entry.staleAt = 0;
  }

  return { select, changed, missed };
}

/** The brand as it is now; as it was, while the database is away or slow to say. */
async function refresh(fresh: Promise<Brand | undefined>, last: Brand | undefined): Promise<Brand | undefined> {
  if (!last) return fresh;
  const known = fresh.catch((error: unknown) => {
    if (isDatabaseAway(error)) return last;
    throw error;
  });
  return soonerThan(PATIENCE, known, last);
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
