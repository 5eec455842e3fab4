// The questions of a brand, in its order.
import type { ProfileField } from '../domain/profile-fields.ts';
import { type Db, sql } from './database.ts';

export async function list(db: Db, brandId: number): Promise<ProfileField[]> {
  const rows = await db.rows<{ definition: ProfileField }>(sql`
    select definition || jsonb_build_object('key', key) as definition
    from portico.profile_fields
    where brand_id = ${brandId}
    order by position, key`);
  return rows.map(({ definition }) => definition);
}

/** @returns false when it was so already. */
export async function save(db: Db, brandId: number, { key, ...definition }: ProfileField, position: number): Promise<boolean> {
  const changed = await db.run(sql`
    insert into portico.profile_fields (brand_id, key, position, definition)
    values (${brandId}, ${key}, ${position}, ${JSON.stringify(definition)}::jsonb)
    on conflict (brand_id, key) do update
    set position = excluded.position, definition = excluded.definition
    where (profile_fields.position, profile_fields.definition) is distinct from (excluded.position, excluded.definition)`);
  return changed > 0;
}
