// A brand's signing keys: next is published before it signs, previous after it signed, so that rotation breaks no relying party.
import { type Db, sql } from './database.ts';

export interface SigningKey {
  kid: string;
  alg: 'ES256' | 'RS256';
  state: 'next' | 'current' | 'previous';
  publicJwk: Record<string, unknown>;
  /** Sealed. */
  privateJwk: Buffer;
  stateSince: Date;
  /** Seconds since then, by the database's clock. */
  stateAge: number;
}

/** The current ones first: oidc-provider signs with the first key that fits. */
export async function list(db: Db, brandId: number): Promise<SigningKey[]> {
  return db.rows<SigningKey>(sql`
    select kid, alg, state, public_jwk as "publicJwk", private_jwk as "privateJwk", state_since as "stateSince",
      extract(epoch from portico.now() - state_since)::float8 as "stateAge"
    from portico.signing_keys
    where brand_id = ${brandId}
    order by case state when 'current' then 0 when 'next' then 1 else 2 end, state_since desc, kid`);
}

export async function insert(
  db: Db,
  brandId: number,
  key: { kid: string; alg: SigningKey['alg']; state: 'next' | 'current'; publicJwk: object; privateJwk: Buffer },
): Promise<boolean> {
  const inserted = await db.run(sql`
    insert into portico.signing_keys (brand_id, kid, alg, state, public_jwk, private_jwk)
    values (${brandId}, ${key.kid}, ${key.alg}, ${key.state}, ${JSON.stringify(key.publicJwk)}, ${key.privateJwk})
    on conflict do nothing`);
  return inserted > 0;
}

/** Retires previous keys that stopped signing at least `afterSeconds` ago. @returns how many. */
export async function deletePrevious(db: Db, brandId: number, alg: string, afterSeconds: number): Promise<number> {
  return db.run(sql`
    delete from portico.signing_keys
    where brand_id = ${brandId} and alg = ${alg} and state = 'previous'
      and state_since <= portico.now() - make_interval(secs => ${afterSeconds}::int)`);
}

/** Moves a key to a later state. @returns false when it is no longer in the state `from`. */
export async function advance(
  db: Db,
  brandId: number,
  alg: string,
  from: 'current' | 'next',
  to: 'previous' | 'current',
): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.signing_keys
    set state = ${to}, state_since = portico.now()
    where brand_id = ${brandId} and alg = ${alg} and state = ${from}`);
  return changed > 0;
}

/**
 * Serializes changes of one brand: its row is locked until the transaction ends.
 * `no key` lets people go on registering meanwhile: their rows only need the brand's id to stay.
 */
export async function lockBrand(db: Db, brandId: number): Promise<void> {
  await db.run(sql`select id from portico.brands where id = ${brandId} for no key update`);
}
