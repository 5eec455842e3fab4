// Documents people are asked to agree to, and their versions. A version is inserted once and never updated.
import type { ConsentVersion } from '../domain/consents.ts';
import { type Db, sql } from './database.ts';

/** The installation's own, for all its brands. */
export const INSTALLATION = 0;

export interface StoredDocument {
  name: string;
  position: number;
  enabled: boolean;
}

/** Nobody else defines documents until the transaction ends: of two that want one name the second sees the first. */
export async function lock(db: Db): Promise<void> {
  await db.run(sql`lock table portico.consent_documents in share row exclusive mode`);
}

export async function list(db: Db, brandId: number): Promise<StoredDocument[]> {
  return db.rows<StoredDocument>(sql`
    select name, position, enabled
    from portico.consent_documents
    where brand_id = ${brandId}
    order by position, name`);
}

/** The slugs of brands that have a document of one of these names. */
export async function brandsWith(db: Db, names: readonly string[]): Promise<{ slug: string; name: string }[]> {
  return db.rows(sql`
    select b.slug, d.name
    from portico.consent_documents d
    join portico.brands b on b.id = d.brand_id
    where d.name = any(${names})
    order by b.slug, d.name
    limit 10`);
}

/** @returns false when it was so already. */
export async function save(db: Db, brandId: number, { name, position, enabled }: StoredDocument): Promise<boolean> {
  const changed = await db.run(sql`
    insert into portico.consent_documents (brand_id, name, position, enabled)
    values (${brandId}, ${name}, ${position}, ${enabled})
    on conflict (brand_id, name) do update
    set position = excluded.position, enabled = excluded.enabled
    where (consent_documents.position, consent_documents.enabled) is distinct from (excluded.position, excluded.enabled)`);
  return changed > 0;
}

/** @returns false when there is a version of this number already, which stays as it is. */
export async function publish(db: Db, brandId: number, name: string, version: ConsentVersion): Promise<boolean> {
  const inserted = await db.run(sql`
    insert into portico.consent_versions
      (brand_id, name, version, kind, effective_at, texts, url, clients, countries, cutoff, grace_days, double_opt_in)
    values (${brandId}, ${name}, ${version.version}, ${version.kind}, ${version.effectiveAt}, ${JSON.stringify(version.texts)}, ${version.url},
      ${version.clients}, ${version.countries}, ${version.cutoff}, ${version.graceDays}, ${version.doubleOptIn})
    on conflict (brand_id, name, version) do nothing`);
  return inserted > 0;
}

/** Ascending. */
export async function versionsOf(db: Db, brandId: number, name: string): Promise<ConsentVersion[]> {
  return db.rows<ConsentVersion>(sql`
    select version, kind, to_char(effective_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "effectiveAt", texts, url, clients,
      countries, cutoff, grace_days as "graceDays", double_opt_in as "doubleOptIn"
    from portico.consent_versions
    where brand_id = ${brandId} and name = ${name}
    order by version`);
}
