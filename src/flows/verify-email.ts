// Someone who has an account proves its e-mail address, where the brand asks for that after the account was made.
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { isAdmitted, mailAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import {
  codeLifetimes,
  codeRefusal,
  newOneTimeCode,
  openRemembered,
  readShown,
  type ShownCode,
  sealRemembered,
} from '../domain/one-time-codes.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db' | 'keyring'>;

export interface VerifyEmail {
  shown: ShownCode;
  source: Source;
  /** Who is signed in where digits are typed: a code proves the address of its own account only. */
  accountId?: string | undefined;
}

/** @throws Refusal code_required, code_wrong, code_tries, code_expired (also when the address is another one now), code_used. */
export const verifyEmail = traced(async function verifyEmail(
  { db, keyring }: Doors,
  brand: Brand,
  { shown, source, accountId }: VerifyEmail,
): Promise<void> {
  const { key, proof } = readShown(keyring, brand.id, shown);
  const place = { brandId: brand.id, purpose: 'verify_email', key } as const;
  const row = await oneTimeCodes.check(db, place, proof);
  if (!row) throw codeRefusal(await oneTimeCodes.find(db, place));
  if (accountId && row.accountId !== accountId) throw codeRefusal(undefined);
  const { email } = openRemembered<{ email: string }>(keyring, brand.id, 'verify_email', key, row.sealed);
  await db.transaction(async (db) => {
    // The account before its codes, as everywhere: of two at once one waits, never both.
    if (!(await accounts.verifyEmail(db, brand.id, row.accountId, email))) throw codeRefusal(undefined);
    if (!(await oneTimeCodes.take(db, place, proof))) throw new Refusal('code_used', 'code');
    await oneTimeCodes.endAllOf(db, brand.id, row.accountId, ['verify_email']);
    await auditEvents.record(db, brand.id, { event: 'email_verified', actor: 'end_user', accountId: row.accountId, source });
  });
});

/**
 * Mails a code and a link; those before stay good. Where the limits do not admit it nothing goes out, and nothing shows.
 * @returns the handle for the browser that asked; undefined when there is no address to mail to.
 */
export const mailVerification = traced(async function mailVerification(
  { db, keyring }: Doors,
  brand: Brand,
  { accountId, confirmPath, source }: { accountId: string; confirmPath: string; source: Source },
): Promise<{ handle: string } | undefined> {
  const account = await accounts.find(db, brand.id, accountId);
  if (!account?.email || account.emailVerified) return undefined;
  const { email } = account;
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
  const attempt = mailAttempt(keyring, brand, { digest, network: networkOf(source.ip) });
  const mailed = isAdmitted(await limits.reserve(db, brand.id, attempt));
  const code = newOneTimeCode(keyring, brand.id, accountId);
  await db.transaction(async (db) => {
    await oneTimeCodes.insert(db, {
      ...code,
      // Where nobody is told the code, nobody can guess it either.
      code: mailed ? code.code : undefined,
      brandId: brand.id,
      purpose: 'verify_email',
      accountId,
      sealed: sealRemembered(keyring, brand.id, 'verify_email', code.key, { email }),
      seconds: codeLifetimes.verify_email,
    });
    await outbox.addMail(db, keyring, brand.id, {
      name: 'verify_email',
      params: { digits: code.digits, link: `${brand.issuer}${confirmPath}?token=${code.token}` },
      to: mailed ? email : null,
      locale: source.locale,
      seconds: codeLifetimes.verify_email,
    });
  });
  return mailed ? { handle: code.handle } : undefined;
});
