// Codes and links that were mailed for one use. Each change is one conditional statement: of many at once, one finds what it needs.
import { CODE_TRIES, type CodeKey, type CodePurpose } from '../domain/one-time-codes.ts';
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

export interface NewOneTimeCode {
  brandId: number;
  purpose: CodePurpose;
  key: CodeKey;
  accountId: string;
  /** Digests; `code` is absent where only a link is mailed. */
  secret: Buffer;
  code?: Buffer | undefined;
  sealed: Buffer;
  /** Until it dies. */
  seconds: number;
}

export interface OneTimeCode {
  accountId: string;
  sealed: Buffer;
  createdAt: Date;
  expiresAt: Date;
  consumedAt: Date | null;
  /** Wrong codes so far. */
  tries: number;
}

/** A digest of the digits, or of the link's secret. */
export type StoredProof = { code: Buffer } | { secret: Buffer };

interface Place {
  brandId: number;
  purpose: CodePurpose;
  key: CodeKey;
}

export async function insert(db: Db, row: NewOneTimeCode): Promise<void> {
  await db.run(sql`
    insert into portico.one_time_codes (brand_id, slice, id, purpose, account_id, secret, code, sealed, expires_at)
    values (${row.brandId}, ${row.key.slice}, ${row.key.id}, ${row.purpose}, ${row.accountId}, ${row.secret}, ${row.code ?? null},
      ${row.sealed}, portico.now() + make_interval(secs => ${row.seconds}))`);
}

/** A row that has not expired, spent or not; for showing what a link or a page is about. Nothing is consumed. With a link's secret: only when it is right. */
export async function find(db: Db, { brandId, purpose, key }: Place, link?: { secret: Buffer }): Promise<OneTimeCode | undefined> {
  return db.row<OneTimeCode>(sql`
    select account_id as "accountId", sealed, created_at as "createdAt", expires_at as "expiresAt", consumed_at as "consumedAt", tries
    from portico.one_time_codes
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and purpose = ${purpose} and expires_at > portico.now()
      and (${link?.secret ?? null}::bytea is null or secret = ${link?.secret ?? null}::bytea)`);
}

/** It remembers something else from now on; what was mailed stays good. @returns false when it is spent or expired. */
export async function reseal(db: Db, { brandId, purpose, key }: Place, sealed: Buffer): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.one_time_codes
    set sealed = ${sealed}
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and purpose = ${purpose}
      and consumed_at is null and expires_at > portico.now()`);
  return changed > 0;
}

/**
 * Looks whether the proof is right without spending it, so that slow work comes before `take`. A wrong code counts as a try.
 * @returns undefined when it is wrong, dead, spent or expired.
 */
export async function check(db: Db, { brandId, purpose, key }: Place, proof: StoredProof): Promise<OneTimeCode | undefined> {
  const { code, secret } = columnsOf(proof);
  const row = await db.row<OneTimeCode & { right: boolean }>(sql`
    update portico.one_time_codes
    set tries = tries + case when code is distinct from ${code}::bytea and ${secret}::bytea is null then 1 else 0 end
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and purpose = ${purpose}
      and consumed_at is null and expires_at > portico.now()
      and (${secret}::bytea is not null or tries < ${CODE_TRIES})
    returning account_id as "accountId", sealed, created_at as "createdAt", expires_at as "expiresAt", consumed_at as "consumedAt", tries,
      coalesce(code = ${code}::bytea, false) or coalesce(secret = ${secret}::bytea, false) as "right"`);
  return row?.right ? row : undefined;
}

/** Spends it. @returns undefined when the proof is wrong, or somebody was quicker, or it is dead or expired. */
export async function take(db: Db, { brandId, purpose, key }: Place, proof: StoredProof): Promise<OneTimeCode | undefined> {
  const { code, secret } = columnsOf(proof);
  return db.row<OneTimeCode>(sql`
    update portico.one_time_codes
    set consumed_at = portico.now()
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and purpose = ${purpose}
      and consumed_at is null and expires_at > portico.now()
      and ((code = ${code}::bytea and tries < ${CODE_TRIES}) or secret = ${secret}::bytea)
    returning account_id as "accountId", sealed, created_at as "createdAt", expires_at as "expiresAt", consumed_at as "consumedAt", tries`);
}

/** A row that this very proof has spent: the second press of a form finds what the first one did. */
export async function findSpent(db: Db, { brandId, purpose, key }: Place, proof: StoredProof): Promise<OneTimeCode | undefined> {
  const { code, secret } = columnsOf(proof);
  return db.row<OneTimeCode>(sql`
    select account_id as "accountId", sealed, created_at as "createdAt", expires_at as "expiresAt", consumed_at as "consumedAt", tries
    from portico.one_time_codes
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and purpose = ${purpose}
      and consumed_at is not null and expires_at > portico.now()
      and ((code = ${code}::bytea and tries < ${CODE_TRIES}) or secret = ${secret}::bytea)`);
}

/** What was mailed to an account for these purposes opens nothing any more. */
export async function endAllOf(db: Db, brandId: number, accountId: string, purposes: readonly CodePurpose[]): Promise<number> {
  return db.run(sql`
    update portico.one_time_codes
    set expires_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
      and purpose = any(${purposes}) and consumed_at is null and expires_at > portico.now()`);
}

/**
 * The same for what was mailed after this moment. Of two links that each take an account back from the other's holder the elder wins:
 * whoever came later, by a change the first one can undo, does not end it.
 */
export async function endLaterOf(
  db: Db,
  brandId: number,
  accountId: string,
  { after, purposes }: { after: Date; purposes: readonly CodePurpose[] },
): Promise<number> {
  return db.run(sql`
    update portico.one_time_codes
    set expires_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
      and purpose = any(${purposes}) and created_at > ${after}::timestamptz + interval '1 millisecond'
      and consumed_at is null and expires_at > portico.now()`);
}

/** Everything that was ever mailed to an account. */
export async function removeAllOf(db: Db, brandId: number, accountId: string): Promise<number> {
  return db.run(sql`
    delete from portico.one_time_codes
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
}

export function deleteExpired(db: Db, batch: number): Promise<number> {
  return db.run(sql`
    delete from portico.one_time_codes
    where (brand_id, slice, id) in (
      select brand_id, slice, id
      from portico.one_time_codes
      where expires_at < portico.now()
      order by expires_at
      limit ${batch}
      for update skip locked
    )`);
}

function columnsOf(proof: StoredProof): { code: Buffer | null; secret: Buffer | null } {
  return 'code' in proof ? { code: proof.code, secret: null } : { code: null, secret: proof.secret };
}
