// News of changed brands. Every process hears of them by LISTEN within a moment; where notifications do not pass
// (a transaction pooler), `changedSince` finds them. Correctness needs neither: a stale brand is an old configuration, not a wrong one.
import pg from 'pg';
import { type Db, sql } from './database.ts';

const CHANNEL = 'portico_brand_changed';
const RETRY_MS = 1_000;

export interface BrandWatch {
  stop(): Promise<void>;
}

export interface BrandNews {
  /** A brand changed. */
  changed(brandId: number): void;
  /** Something may have been missed: the connection was lost and is back. */
  missed(): void;
}

/** `url` must reach Postgres directly: a transaction pooler drops LISTEN. Reconnects by itself. */
export function watchBrands(url: string, news: BrandNews): BrandWatch {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const again = () => {
    const lost = client;
    client = undefined;
    lost?.end().catch(() => {});
    if (!stopped && !timer) timer = setTimeout(connect, RETRY_MS).unref();
  };

  async function connect(): Promise<void> {
    timer = undefined;
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 1_000,
      application_name: 'portico brand watch',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    client = next;
    next.on('error', () => client === next && again());
    next.on('end', () => client === next && again());
    next.on('notification', ({ payload }) => news.changed(Number(payload)));
    try {
      await next.connect();
      await next.query(`listen ${CHANNEL}`);
      news.missed();
    } catch {
      if (client === next) again();
    }
  }

  void connect();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const last = client;
      client = undefined;
      await last?.end().catch(() => {});
    },
  };
}

/** Tells every process; goes out when the transaction commits. */
export async function announce(db: Db, brandId: number): Promise<void> {
  await db.run(sql`select pg_notify('portico_brand_changed', ${String(brandId)})`);
}

/** Brands that changed within the last `seconds`, by the database's clock. */
export async function changedWithin(db: Db, seconds: number): Promise<{ id: number; version: number }[]> {
  return db.rows(sql`
    select id, version
    from portico.brands
    where updated_at > portico.now() - make_interval(secs => ${seconds}::float8)`);
}
