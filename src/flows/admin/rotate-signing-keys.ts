// The key that was published in advance begins to sign; the one that signed stays published, so that no relying party notices.
import type { Brand } from '../../domain/brands.ts';
import { newSigningKey, type SigningAlgorithm, signingKeyPlace } from '../../domain/signing-keys.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brands from '../../storage/brands.ts';
import type { Db } from '../../storage/database.ts';
import * as signingKeys from '../../storage/signing-keys.ts';
import { traced } from '../../traced.ts';

export interface RotateSigningKeys {
  /** All of the brand's when not named. */
  algorithm?: SigningAlgorithm | undefined;
  /** Also when the next key has been published for less than an hour. */
  force?: boolean;
  /** After a theft: previous keys are no longer published, and what they signed is worth nothing. */
  dropPrevious?: boolean;
}

/** Relying parties keep a JWKS for minutes to an hour; a key they have not seen breaks their sign-ins. */
const PUBLISHED_BEFORE = 60 * 60;
/** An ID token comes back as a hint at sign-out as long as its session may live. */
const PUBLISHED_AFTER = 90 * 24 * 60 * 60;

type FreshKey = Awaited<ReturnType<typeof newSigningKey>>;

/**
 * Of several rotations at once one succeeds and the others are refused; forced ones follow each other.
 * @throws OperatorError when the brand has no such keys or the next key is too young.
 */
export const rotateSigningKeys = traced(async function rotateSigningKeys(
  services: Pick<Services, 'db' | 'keyring'>,
  brand: Brand,
  input: RotateSigningKeys = {},
): Promise<signingKeys.SigningKey[]> {
  const present = await signingKeys.list(services.db, brand.id);
  const algorithms = chosen(brand, present, input.algorithm);
  if (!input.force) refuseTooSoon(present, algorithms);
  // Made before the transaction: RSA takes a moment, and the brand's row is locked for nothing slow.
  const fresh = await Promise.all(algorithms.map(newSigningKey));
  return services.db.transaction(async (db) => {
    await signingKeys.lockBrand(db, brand.id);
    if (!input.force) refuseTooSoon(await signingKeys.list(db, brand.id), algorithms);
    for (const key of fresh) await rotate(db, services, brand, key, input.dropPrevious ? 0 : PUBLISHED_AFTER);
    await brands.raiseVersion(db, brand.id);
    const details = { algorithms: algorithms.join(' '), force: input.force ?? false, dropPrevious: input.dropPrevious ?? false };
    await auditEvents.record(db, brand.id, { event: 'signing_keys_rotated', actor: 'operator', details });
    return signingKeys.list(db, brand.id);
  });
});

async function rotate(
  db: Db,
  { keyring }: Pick<Services, 'keyring'>,
  brand: Brand,
  { privateJwk, ...key }: FreshKey,
  publishedAfter: number,
): Promise<void> {
  await signingKeys.advance(db, brand.id, key.alg, 'current', 'previous');
  await signingKeys.advance(db, brand.id, key.alg, 'next', 'current');
  const sealed = keyring.seal('signing_keys', signingKeyPlace(brand.id, key.kid), JSON.stringify(privateJwk));
  await signingKeys.insert(db, brand.id, { ...key, state: 'next', privateJwk: sealed });
  await signingKeys.deletePrevious(db, brand.id, key.alg, publishedAfter);
}

function chosen(brand: Brand, present: signingKeys.SigningKey[], algorithm: SigningAlgorithm | undefined): SigningAlgorithm[] {
  const known = [...new Set(present.map(({ alg }) => alg))].sort();
  if (!algorithm) return known;
  if (!known.includes(algorithm)) throw new OperatorError(`${brand.slug} has no ${algorithm} keys. It signs with ${known.join(' and ')}.`);
  return [algorithm];
}

function refuseTooSoon(keys: signingKeys.SigningKey[], algorithms: SigningAlgorithm[]): void {
  const young = keys.find(({ alg, state, stateAge }) => algorithms.includes(alg) && state === 'next' && stateAge < PUBLISHED_BEFORE);
  if (!young) return;
  const wait = Math.ceil((PUBLISHED_BEFORE - young.stateAge) / 60);
  throw new OperatorError(
    `The next ${young.alg} key has been published for less than an hour. Relying parties keep the published keys that long ` +
      `and would refuse tokens signed with one they have not seen. Try again in ${wait} minute${wait === 1 ? '' : 's'}, or use --force if the current key is lost or stolen.`,
  );
}
