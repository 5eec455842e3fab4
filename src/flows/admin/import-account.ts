// An operator brings an account from another system, with the hash of its password. The person signs in as ever, and that sign-in
// replaces the hash by one of ours (flows/login.ts).
import type { Account } from '../../domain/accounts.ts';
import type { Brand } from '../../domain/brands.ts';
import type { AccountClaims } from '../../domain/claims.ts';
import { parseEmail } from '../../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../../domain/identifiers.ts';
import { newAccountId } from '../../domain/slices.ts';
import { OperatorError, Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as accounts from '../../storage/accounts.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as identifiers from '../../storage/identifiers.ts';
import * as passwords from '../../storage/passwords.ts';

export interface ImportAccount {
  email: string;
  /** In one of the forms that src/hashers lists. */
  passwordHash: string;
  emailVerified?: boolean | undefined;
  claims?: AccountClaims | undefined;
}

/** @throws OperatorError for a hash of an unknown form. @throws Refusal email_*, email_taken. */
export async function importAccount(
  { db, hasher, keyring }: Pick<Services, 'db' | 'hasher' | 'keyring'>,
  brand: Brand,
  { passwordHash, ...input }: ImportAccount,
): Promise<Account> {
  const email = parseEmail(input.email);
  if (!hasher.accepts(passwordHash))
    throw new OperatorError(
      'The password hash has a form that Portico does not know. It takes argon2, bcrypt, PBKDF2, scrypt, crypt $1$, $5$ and $6$, phpass, and LDAP or Django digests.',
    );
  const account = {
    brandId: brand.id,
    id: newAccountId(brand),
    email: email.address,
    emailVerified: input.emailVerified ?? false,
    claims: input.claims ?? {},
  };
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email.canonical);
  return db.transaction(async (db) => {
    const claimed = await identifiers.claim(db, { brandId: brand.id, digest, kind: 'email', accountId: account.id });
    if (!claimed) throw new Refusal('email_taken', 'email');
    const created = await accounts.insert(db, account);
    await passwords.save(db, brand.id, account.id, passwordHash);
    await auditEvents.record(db, brand.id, { event: 'account_imported', actor: 'operator', accountId: account.id });
    return created;
  });
}
