// A person wants their account gone. It ends everywhere at once and is erased after the brand's cooling-off, in which it can be kept.
import type { Brand } from '../domain/brands.ts';
import { isAdmitted, noticeAttempt } from '../domain/limits.ts';
import { newLink } from '../domain/one-time-codes.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import { traced } from '../traced.ts';

const DAY = 86_400;

export interface RequestDeletion {
  accountId: string;
  source: Source;
}

/**
 * Whoever calls it has made sure that the person signed in of late. Asked twice, the first date stands and no second mail goes out.
 * @returns from when on it will be erased. @throws Refusal not_found when there is no such account.
 */
export const requestDeletion = traced(async function requestDeletion(
  { db, keyring }: Pick<Services, 'db' | 'keyring'>,
  brand: Brand,
  { accountId, source }: RequestDeletion,
): Promise<{ eraseAfter: Date }> {
  const seconds = brand.settings.deletionDays * DAY;
  return db.transaction(async (db) => {
    const asked = await accounts.setEraseAfter(db, brand.id, accountId, { seconds, locale: source.locale });
    if (!asked) return pending(db, brand, accountId);
    const { emailVerified, eraseAfter } = asked;
    const attempt = noticeAttempt(keyring, brand, accountId, 'deletion_requested');
    const told = emailVerified || isAdmitted(await limits.reserve(db, brand.id, attempt));
    await accountAccess.endAll(db, brand.id, accountId);
    // A day longer, for as long as the erasure may be late.
    const link = await keepLink(db, keyring, brand, accountId, seconds + DAY);
    const params = { until: eraseAfter.toISOString(), link, seen: seen(source) };
    await outbox.addMail(db, keyring, brand.id, {
      name: 'deletion_requested',
      params,
      to: told ? asked.email : null,
      locale: source.locale,
      seconds,
    });
    await auditEvents.record(db, brand.id, { event: 'deletion_requested', actor: 'end_user', accountId, source });
    return { eraseAfter };
  });
});

/** An older one, of a deletion that was called off, opens nothing any more. */
async function keepLink(db: Db, keyring: Services['keyring'], brand: Brand, accountId: string, seconds: number): Promise<string> {
  const purpose = 'keep_account';
  await oneTimeCodes.endAllOf(db, brand.id, accountId, [purpose]);
  const { row, token } = newLink(keyring, brand.id, purpose, accountId, {}, seconds);
  await oneTimeCodes.insert(db, row);
  return `${brand.issuer}/keep-account?token=${token}`;
}

async function pending(db: Db, brand: Brand, accountId: string): Promise<{ eraseAfter: Date }> {
  const account = await accounts.find(db, brand.id, accountId);
  if (!account?.eraseAfter) throw new Refusal('not_found');
  return { eraseAfter: account.eraseAfter };
}
