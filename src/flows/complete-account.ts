// Between sign-in and app a person answers what their brand wants to know, or skips what may be skipped. Nobody is asked twice: whatever
// was on the page is answered, or comes again when its snooze is over.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { applyAnswers, readTyped, snooze } from '../domain/profile-answers.ts';
import { dueFields, isAnswered, isAsked } from '../domain/profile-capture.ts';
import { fieldsOf, type ProfileField } from '../domain/profile-fields.ts';
import { dayOf } from '../domain/profile-texts.ts';
import type { Typed } from '../domain/profile-values.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal, refuseAll } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountProfiles from '../storage/account-profiles.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import { traced } from '../traced.ts';

export interface CompleteAccount {
  accountId: string;
  /** Keys of the questions on the page. */
  asked: readonly string[];
  typed: Typed;
  source: Source;
}

type Doors = Pick<Services, 'db'>;

/**
 * @returns the names of what changed.
 * @throws Refusal at the first input that is wrong, with the others beside it; under_age; account_unavailable.
 */
export const completeAccount = traced(async function completeAccount(
  { db }: Doors,
  brand: Brand,
  { accountId, asked, typed, source }: CompleteAccount,
): Promise<string[]> {
  return db.transaction(async (db) => {
    const account = await held(accounts.lock(db, brand.id, accountId), brand);
    const now = new Date();
    const { onPage, waiting } = questions(brand, account, asked, source, now);
    const { values, faults } = readTyped(onPage, typed, account, { today: dayOf(now), demands: () => true });
    refuseAll(faults);
    const { claims, answers, changed } = applyAnswers(account, values, { by: 'person', at: now, clientId: source.clientId });
    // Half an address is no answer yet: what there is of it is kept, and the rest comes another day.
    const skipped = onPage.filter((field) => !isAnswered(field, { claims, answers }, now));
    await accountProfiles.saveProfile(db, brand.id, accountId, { claims, answers: snooze(answers, skipped, waiting, now) });
    if (changed.length === 0) return changed;
    const details = { fields: changed.join(' ') };
    await auditEvents.record(db, brand.id, { event: 'profile_changed', actor: 'end_user', accountId, source, details });
    return changed;
  });
});

/** @throws Refusal answer_required where something on the page may not be skipped; account_unavailable. */
export const skipQuestions = traced(async function skipQuestions(
  { db }: Doors,
  brand: Brand,
  { accountId, asked, source }: Omit<CompleteAccount, 'typed'>,
): Promise<void> {
  await db.transaction(async (db) => {
    const account = await held(accounts.lock(db, brand.id, accountId), brand);
    const now = new Date();
    const { due, onPage, waiting } = questions(brand, account, asked, source, now);
    refuseAll(due.filter((field) => field.required && onPage.includes(field)).map(({ key }) => new Refusal('answer_required', key)));
    const skipped = onPage.filter((field) => due.includes(field));
    await accountProfiles.saveAnswers(db, brand.id, accountId, snooze(account.answers, skipped, waiting, now));
  });
});

/** A second tab may send what the first one has answered already: it is taken all the same, and the last one stands. */
function questions(brand: Brand, account: Account, asked: readonly string[], { clientId }: Source, now: Date) {
  const fields = fieldsOf(brand);
  const due = dueFields(fields, account, { now, clientId });
  const onPage: ProfileField[] = fields.filter((field) => asked.includes(field.key) && isAsked(field, clientId));
  return { due, onPage, waiting: due.filter((field) => !field.required && !onPage.includes(field)) };
}

async function held(found: Promise<Account | undefined>, brand: Brand): Promise<Account> {
  const account = await found;
  if (!account) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
  return account;
}
