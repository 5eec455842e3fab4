// An operator brings an account from another system, with the hash of its password. The person signs in as ever, and that sign-in
// replaces the hash by one of ours (flows/login.ts).
import type { Account } from '../../domain/accounts.ts';
import type { Brand } from '../../domain/brands.ts';
import type { AccountClaims } from '../../domain/claims.ts';
import { consentLine } from '../../domain/consent-answers.ts';
import type { NewConsentLine } from '../../domain/consent-ledger.ts';
import { noConsents } from '../../domain/consents.ts';
import { parseEmail } from '../../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../../domain/identifiers.ts';
import { provenanceOf } from '../../domain/profile-answers.ts';
import { newAccountId } from '../../domain/slices.ts';
import { OperatorError, Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as accountConsents from '../../storage/account-consents.ts';
import * as accounts from '../../storage/accounts.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as identifiers from '../../storage/identifiers.ts';
import * as passwords from '../../storage/passwords.ts';
import { traced } from '../../traced.ts';

export interface ImportAccount {
  email: string;
  /** In one of the forms that src/hashers lists. */
  passwordHash: string;
  emailVerified?: boolean | undefined;
  claims?: AccountClaims | undefined;
  /** What they agreed to elsewhere: documents of the brand, the version, and when. */
  consents?: readonly ImportedConsent[] | undefined;
}

export interface ImportedConsent {
  document: string;
  version: number;
  answer: 'accepted' | 'declined';
  at: Date;
}

/** @throws OperatorError for a hash of an unknown form, or a document or version that the brand has not. @throws Refusal email_*, email_taken. */
export const importAccount = traced(async function importAccount(
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
    answers: provenanceOf(input.claims ?? {}, { by: 'import', at: new Date() }),
  };
  const agreed = { accountId: account.id, before: noConsents, lines: (input.consents ?? []).map((one) => lineOf(brand, one)), optIns: [] };
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email.canonical);
  return db.transaction(async (db) => {
    const claimed = await identifiers.claim(db, { brandId: brand.id, digest, kind: 'email', accountId: account.id });
    if (!claimed) throw new Refusal('email_taken', 'email');
    const created = await accounts.insert(db, { ...account, consents: accountConsents.foresee(keyring, brand, agreed) });
    await passwords.save(db, brand.id, account.id, passwordHash);
    await accountConsents.writeFirst(db, keyring, brand, { ...agreed, email: null, mails: 0, source: undefined, actor: 'operator' });
    await auditEvents.record(db, brand.id, { event: 'account_imported', actor: 'operator', accountId: account.id });
    return created;
  });
});

/** Where and with what it was agreed to, the other system knows. */
function lineOf(brand: Brand, { document: name, version: number, answer, at }: ImportedConsent): NewConsentLine {
  const document = brand.consents.find((one) => one.name === name);
  const version = document?.versions.find((one) => one.version === number);
  if (!document || !version) throw new OperatorError(`${brand.slug} has no document "${name}" of version ${number}.`);
  const source = { ip: '', locale: brand.settings.locale };
  return consentLine({ document, version, answer }, { at, source, channel: 'import', fallbackLocale: brand.settings.locale });
}
