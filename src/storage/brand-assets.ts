// Pictures of a brand (its logo), kept beside its other configuration so that every node serves the same.
import { createHash } from 'node:crypto';
import { type Db, sql } from './database.ts';

export interface BrandAsset {
  name: string;
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

/** @returns true when the stored asset changed. */
export async function save(db: Db, brandId: number, asset: { name: string; mediaType: string; bytes: Buffer }): Promise<boolean> {
  const digest = createHash('sha256').update(asset.bytes).digest('base64url').slice(0, 16);
  const changed = await db.run(sql`
    insert into portico.brand_assets (brand_id, name, media_type, digest, bytes)
    values (${brandId}, ${asset.name}, ${asset.mediaType}, ${digest}, ${asset.bytes})
    on conflict (brand_id, name) do update
    set media_type = excluded.media_type, digest = excluded.digest, bytes = excluded.bytes
    where brand_assets.digest <> excluded.digest or brand_assets.media_type <> excluded.media_type`);
  return changed > 0;
}

export async function list(db: Db, brandId: number): Promise<BrandAsset[]> {
  return db.rows<BrandAsset>(sql`
    select name, media_type as "mediaType", digest, bytes
    from portico.brand_assets
    where brand_id = ${brandId}
    order by name`);
}
