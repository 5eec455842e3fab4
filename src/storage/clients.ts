// Relying parties. Secrets are digests; at most two are alive, so that one can be rotated without downtime.
import type { Client, ClientMetadata, ClientSecret } from '../domain/clients.ts';
import { type Db, sql } from './database.ts';

export async function find(db: Db, brandId: number, clientId: string): Promise<Client | undefined> {
  return db.row<Client>(sql`
    select brand_id as "brandId", client_id as "id", metadata, secrets, created_at as "createdAt", updated_at as "updatedAt",
      disabled_at as "disabledAt"
    from portico.clients
    where brand_id = ${brandId} and client_id = ${clientId}`);
}

export async function list(db: Db, brandId: number): Promise<Client[]> {
  return db.rows<Client>(sql`
    select brand_id as "brandId", client_id as "id", metadata, secrets, created_at as "createdAt", updated_at as "updatedAt",
      disabled_at as "disabledAt"
    from portico.clients
    where brand_id = ${brandId}
    order by client_id`);
}

/** Reads the client and holds it until the transaction ends, so that of two changes at once the second sees the first. */
export async function lock(db: Db, brandId: number, clientId: string): Promise<Client | undefined> {
  return db.row<Client>(sql`
    select brand_id as "brandId", client_id as "id", metadata, secrets, created_at as "createdAt", updated_at as "updatedAt",
      disabled_at as "disabledAt"
    from portico.clients
    where brand_id = ${brandId} and client_id = ${clientId}
    for update`);
}

/** Creates the client or replaces its metadata; secrets are kept unless given. */
export async function save(db: Db, brandId: number, metadata: ClientMetadata, secrets?: ClientSecret[]): Promise<void> {
  await db.run(sql`
    insert into portico.clients (brand_id, client_id, metadata, secrets)
    values (${brandId}, ${metadata.client_id}, ${JSON.stringify(metadata)}, ${JSON.stringify(secrets ?? [])})
    on conflict (brand_id, client_id) do update
    set metadata = excluded.metadata,
      secrets = case when ${secrets !== undefined} then excluded.secrets else clients.secrets end,
      updated_at = portico.now()`);
}

/** @returns false when the id is taken. */
export async function insert(db: Db, brandId: number, metadata: ClientMetadata, secrets: ClientSecret[]): Promise<boolean> {
  const inserted = await db.run(sql`
    insert into portico.clients (brand_id, client_id, metadata, secrets)
    values (${brandId}, ${metadata.client_id}, ${JSON.stringify(metadata)}, ${JSON.stringify(secrets)})
    on conflict do nothing`);
  return inserted > 0;
}

/**
 * Puts a new secret first; the newest of the others lives on until `graceSeconds` from now, the rest are gone. One statement.
 * @returns false when there is no such client, it is disabled, or (unless `evenInGrace`) an older secret is still in its grace.
 */
export async function rotateSecret(
  db: Db,
  brandId: number,
  clientId: string,
  { digest, graceSeconds, evenInGrace = false }: { digest: string; graceSeconds: number; evenInGrace?: boolean },
): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.clients
    set secrets = jsonb_build_array(jsonb_build_object('digest', ${digest}::text, 'created_at', portico.now(), 'expires_at', null))
        || case
          when ${graceSeconds}::int > 0 and jsonb_array_length(secrets) > 0
          then jsonb_build_array((secrets -> 0) || jsonb_build_object('expires_at', portico.now() + make_interval(secs => ${graceSeconds}::int)))
          else '[]'::jsonb
        end,
      updated_at = portico.now()
    where brand_id = ${brandId} and client_id = ${clientId} and disabled_at is null
      and (${evenInGrace} or not exists (
        select from jsonb_array_elements(secrets) as secret
        where (secret ->> 'expires_at')::timestamptz > portico.now()))`);
  return changed > 0;
}

/** @returns false when there is no such client. */
export async function setDisabled(db: Db, brandId: number, clientId: string, disabled: boolean): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.clients
    set disabled_at = case when ${disabled} then coalesce(disabled_at, portico.now()) end, updated_at = portico.now()
    where brand_id = ${brandId} and client_id = ${clientId}`);
  return changed > 0;
}

export async function remove(db: Db, brandId: number, clientId: string): Promise<void> {
  await db.run(sql`delete from portico.clients where brand_id = ${brandId} and client_id = ${clientId}`);
}
