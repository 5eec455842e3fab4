// The end-user changes what they say of themselves, or a program answers for them. Of several changes at once each is whole, and the
// last one stands.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { type AnswerSource, applyAnswers, readGiven, readTyped } from '../domain/profile-answers.ts';
import { type AnsweredBy, isAnswered, storedValue } from '../domain/profile-capture.ts';
import { fieldsOf, type ProfileField } from '../domain/profile-fields.ts';
import { dayOf } from '../domain/profile-texts.ts';
import type { Typed } from '../domain/profile-values.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal, refuseAll } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountProfiles from '../storage/account-profiles.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import { traced } from '../traced.ts';

interface Whose {
  accountId: string;
  source: Source;
}

type Doors = Pick<Services, 'db'>;

/** What stands on a person's own page: every field that is in use, but for a birthday of which only the age is kept. */
export function editableFields(brand: Brand, account: Pick<Account, 'claims' | 'answers'>): ProfileField[] {
  const isKeptAsAge = (field: ProfileField) => field.keep === 'age' && typeof storedValue(field, account) === 'object';
  return fieldsOf(brand).filter((field) => field.enabled && !isKeptAsAge(field));
}

/**
 * A whole page: what is emptied goes, what did not stand on it (`asked`) stays. What is required and was answered cannot be emptied.
 * @returns the names of what changed; none when everything was so already.
 * @throws Refusal at the first input that is wrong, with the others beside it; account_unavailable.
 */
export const updateProfile = traced(async function updateProfile(
  { db }: Doors,
  brand: Brand,
  { accountId, typed, asked, source }: Whose & { typed: Typed; asked: readonly string[] },
): Promise<string[]> {
  return change(db, brand, { accountId, source, by: 'person' }, (account, now) => {
    const demands = (field: ProfileField) => isAnswered(field, account, now);
    const fields = editableFields(brand, account).filter(({ key }) => asked.includes(key));
    const { values, faults } = readTyped(fields, typed, account, { today: dayOf(now), demands });
    refuseAll(faults);
    return { values, erases: true };
  });
});

/**
 * By key, as JSON: only what is named and in use; null says nothing and takes nothing away (the seeds' Capture).
 * @throws Refusal field_unknown, field_disabled and what is wrong with a value, with the others beside it; account_unavailable.
 */
export const answerProfile = traced(async function answerProfile(
  { db }: Doors,
  brand: Brand,
  { accountId, given, source, by }: Whose & { given: Readonly<Record<string, unknown>>; by: AnsweredBy },
): Promise<string[]> {
  return change(db, brand, { accountId, source, by }, (_account, now) => {
    const { values, faults } = readGiven(fieldsOf(brand), given, { today: dayOf(now) });
    refuseAll(faults);
    return { values, erases: false };
  });
});

type Read = (account: Account, now: Date) => { values: Map<ProfileField, unknown>; erases: boolean };

async function change(db: Db, brand: Brand, { accountId, source, by }: Whose & Pick<AnswerSource, 'by'>, read: Read): Promise<string[]> {
  return db.transaction(async (db) => {
    const account = await accounts.lock(db, brand.id, accountId);
    if (!account) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
    const now = new Date();
    const { values, erases } = read(account, now);
    const { claims, answers, changed } = applyAnswers(account, values, { by, at: now, clientId: source.clientId }, { erases });
    if (changed.length === 0) return changed;
    await accountProfiles.saveProfile(db, brand.id, accountId, { claims, answers });
    const actor = by === 'operator' || by === 'import' ? 'operator' : 'end_user';
    const details = { fields: changed.join(' '), ...(by !== 'person' && { by }) };
    await auditEvents.record(db, brand.id, { event: 'profile_changed', actor, accountId, source, details });
    return changed;
  });
}
