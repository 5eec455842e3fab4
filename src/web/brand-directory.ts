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
  segment: string;
}

// Where notifications do not pass, a change is found by asking this often, in milliseconds.
const POLL = 4_000;
// How far back a poll looks beyond the last answered one, in seconds: a long transaction's change bears the time of its beginning.
const MARGIN = 60;
// How long "nobody of that name" is believed, in milliseconds.
const ABSENCE = 1_000;
// How long a request waits for news of a brand it knows already, in milliseconds: a database that hangs must not stop what needs none.
const PATIENCE = 250;
// Hosts and segments come from strangers; past this many the cache starts anew.
const BOUND = 20_000;

export function createBrandDirectory(db: Db): BrandDirectory {
  const cache = new Map<string, Entry>();
  let askedAt = performance.now();
  // Changes until then have been seen; it moves only when the database answered.
  let coveredUntil = askedAt;

  async function select(host: string, segment: string): Promise<Brand | undefined> {
    if (performance.now() - askedAt > POLL) await poll();
    const key = `${host}/${segment}`;
    const known = cache.get(key);
    if (known && performance.now() < known.staleAt) return known.brand;
    if (cache.size >= BOUND) cache.clear();
    const entry: Entry = { brand: Promise.resolve(known?.last), last: known?.last, segment, staleAt: Number.POSITIVE_INFINITY };
    cache.set(key, entry);
    entry.brand = look(entry, find(host, segment));
    entry.brand.catch(() => cache.get(key) === entry && cache.delete(key));
    return entry.brand;
  }

  /** The brand as it is now; as it was, while the database is away or slow to say. An answer that comes late counts from then on. */
  async function look(entry: Entry, fresh: Promise<Brand | undefined>): Promise<Brand | undefined> {
    const { last } = entry;
    const learned = fresh.then((brand) => {
      entry.last = brand;
      entry.brand = Promise.resolve(brand);
      // Nobody of that name: somebody may come.
      if (!brand) entry.staleAt = Math.min(entry.staleAt, performance.now() + ABSENCE);
      return brand;
    });
    if (!last) return learned;
    const known = learned.catch((error: unknown) => {
      if (!isDatabaseAway(error)) throw error;
      entry.staleAt = Math.min(entry.staleAt, performance.now() + ABSENCE);
      return last;
    });
    return soonerThan(PATIENCE, known, last);
  }

  async function find(host: string, segment: string): Promise<Brand | undefined> {
    const hosts = [`https://${withoutPort(host, '443')}`, `http://${withoutPort(host, '80')}`];
    const candidates = segment ? [...hosts, ...hosts.map((origin) => `${origin}/${segment}`)] : hosts;
    const brand = await brands.findByIssuer(db, candidates);
    return brand?.disabledAt ? undefined : brand;
  }

  /** One statement for all brands, with a margin for transactions that took their time; versions already known change nothing. */
  async function poll(): Promise<void> {
    askedAt = performance.now();
    const asked = askedAt;
    const changes = changedWithin(db, (asked - coveredUntil) / 1_000 + MARGIN).then((rows) => {
      coveredUntil = asked;
      for (const { id, version } of rows) changed(id, version);
    });
    await soonerThan(PATIENCE, changes, undefined).catch(() => {});
  }

  function changed(brandId: number, version?: number): void {
    for (const entry of cache.values()) if (concerns(entry, brandId, version)) entry.staleAt = 0;
  }

  function missed(): void {
    for (const entry of cache.values()) entry.staleAt = 0;
  }

  return { select, changed, missed };
}

/** The brand itself, nobody so far, or the brand at the root that answered for a path which may now have one of its own. */
function concerns({ last, segment }: Entry, brandId: number, version: number | undefined): boolean {
  if (!last) return true;
  if (last.id === brandId) return last.version !== version;
  return segment !== '' && !last.issuer.endsWith(`/${segment}`);
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
