// What people say of themselves, and what they agreed to, as the account's own row holds it. Whoever writes it holds the account
// (accounts.lock), so that of several changes at once each is whole.
import type { Account } from '../domain/accounts.ts';
import type { AccountConsents } from '../domain/consents.ts';
import type { ProfileAnswers } from '../domain/profile-capture.ts';
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

/** Replaces what people say of themselves: the caller holds the account (`lock`). */
export async function saveProfile(
  db: Db,
  brandId: number,
  id: string,
  { claims, answers }: Pick<Account, 'claims' | 'answers'>,
): Promise<void> {
  await db.run(sql`
    update portico.accounts
    set claims = ${JSON.stringify(claims)}, answers = ${JSON.stringify(answers)}, updated_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}`);
}

/** Which questions are put off, and until when: no news for anybody else. The caller holds the account. */
export async function saveAnswers(db: Db, brandId: number, id: string, answers: ProfileAnswers): Promise<void> {
  await db.run(sql`
    update portico.accounts
    set answers = ${JSON.stringify(answers)}
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}`);
}

/** What the row knows of the ledger of consents. The caller holds the account, and has written the lines. */
export async function saveConsents(db: Db, brandId: number, id: string, consents: AccountConsents): Promise<void> {
  await db.run(sql`
    update portico.accounts
    set consents = ${JSON.stringify(consents)}, updated_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}`);
}
