// One-time identifiers of client assertions and DPoP proofs: whoever inserts first has used it.
import { type Db, sql } from './database.ts';
import type { RowKey } from './oidc-tokens.ts';

/** @returns false when the identifier was used before and has not expired: a replay. `expiresAt` in seconds since 1970. */
export async function insert(db: Db, brandId: number, key: RowKey, expiresAt: number): Promise<boolean> {
  const inserted = await db.run(sql`
    insert into portico.oidc_replays as used (brand_id, slice, id, expires_at)
    values (${brandId}, ${key.slice}, ${key.id}, to_timestamp(${expiresAt}))
    on conflict (brand_id, slice, id) do update
    set expires_at = excluded.expires_at
    where used.expires_at <= portico.now()`);
  return inserted > 0;
}
