import type { Account } from '../../src/domain/accounts.ts';
import type { Brand } from '../../src/domain/brands.ts';
import { dueFields, shouldCaptureBeDisplayed } from '../../src/domain/profile-capture.ts';
import { fieldsOf } from '../../src/domain/profile-fields.ts';
import { type CompleteAccount, completeAccount, skipQuestions } from '../../src/flows/complete-account.ts';
import { answerProfile } from '../../src/flows/update-profile.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as brands from '../../src/storage/brands.ts';
import * as profileFields from '../../src/storage/profile-fields.ts';
import { resetClock } from '../support/database.ts';
import { question } from '../support/questions.ts';
import { createPerson, from } from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
let brand: Brand;
const fields = [
  question('card', { required: true, rules: { mask: 'AA-9999' } }),
  question('roast', { type: 'select', options: ['light', 'dark'].map((value) => ({ value, label: { en: value } })) }),
  question('old', { enabled: false }),
  question('birthdate', { type: 'birth_date', required: true, minimumAge: 16, keep: 'age', ask: 'registration' }),
  question('third', { fromSignIn: 3 }),
  question('pet', { snoozeDays: 0 }),
];

beforeAll(async () => {
  at = await createTestBrand();
  for (const [position, field] of fields.entries()) await profileFields.save(at.db, at.brand.id, field, position);
  brand = (await brands.findBySlug(at.db, 'demo')) as Brand;
});
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

async function person(): Promise<Account> {
  const { id } = await createPerson(at);
  await accounts.touchLogin(at.db, brand.id, id);
  return read({ id });
}
const read = async ({ id }: Pick<Account, 'id'>) => (await accounts.find(at.db, brand.id, id))!;
const dueOf = (account: Account, now = new Date()) => dueFields(fieldsOf(brand), account, { now }).map(({ key }) => key);
const save = ({ id }: Pick<Account, 'id'>, typed: CompleteAccount['typed'], asked = ['card', 'roast', 'birthdate', 'pet']) =>
  completeAccount(at, brand, { accountId: id, asked, typed, source: { ...from(), clientId: 'shop' } });
const good = { card: 'AB-1234', roast: 'dark', birthdate: '1990-06-24', pet: '' };

test('what is asked is answered once, with who said it and when; of a birthday only the age stays', async () => {
  const account = await person();
  expect(dueOf(account)).toEqual(['card', 'birthdate', 'roast', 'pet']);
  expect(await save(account, good)).toEqual(['birthdate', 'card', 'roast']);
  const after = await read(account);
  expect(after.answers).toMatchObject({
    card: { value: 'AB-1234', by: 'person', clientId: 'shop', at: expect.stringMatching(/^\d{4}-/) },
    birthdate: { value: { minimum_age: 16 } },
    pet: { again: null },
  });
  expect(JSON.stringify(after)).not.toContain('1990');
  expect(dueOf(after)).toEqual([]);
  expect(shouldCaptureBeDisplayed(fieldsOf(brand), after, { now: new Date() })).toBe(false);
});

test('every wrong answer is told at its field, and nothing is written', async () => {
  const account = await person();
  const refused = save(account, { card: '12-ABCD', roast: 'burnt', birthdate: '', pet: 'x'.repeat(4_001) });
  await expect(refused).rejects.toMatchObject({
    ...{ code: 'answer_mask', field: 'card', params: { mask: 'AA-9999' } },
    also: [
      { code: 'choice_unknown', field: 'roast' },
      { code: 'answer_required', field: 'birthdate' },
      { code: 'answer_too_long', field: 'pet' },
    ],
  });
  expect(await read(account)).toEqual(account);
});

test('too young: nothing is kept, not even that', async () => {
  const account = await person();
  const year = new Date().getUTCFullYear() - 15;
  await expect(save(account, { ...good, birthdate: `${year}-01-01` })).rejects.toMatchObject({ code: 'under_age', params: { age: 16 } });
  expect(await read(account)).toEqual(account);
});

test('optional questions are skipped and come back after their snooze, or never; required ones cannot be', async () => {
  const account = await person();
  const skip = (asked: string[]) => skipQuestions(at, brand, { accountId: account.id, asked, source: from() });
  await expect(skip(['card', 'roast'])).rejects.toMatchObject({ code: 'answer_required', field: 'card' });
  await save(account, { ...good, roast: '' });
  const after = await read(account);
  expect(dueOf(after)).toEqual([]);
  expect(dueOf(after, new Date(Date.now() + 31 * 86_400_000))).toEqual(['roast']);
});

test('what did not fit on the page waits for tomorrow, and a question of a later sign-in for that one', async () => {
  const account = await person();
  await save(account, good, ['card', 'birthdate']);
  const after = await read(account);
  expect(dueOf(after)).toEqual([]);
  expect(dueOf(after, new Date(Date.now() + 86_400_001))).toEqual(['roast', 'pet']);
  for (let turn = 0; turn < 2; turn += 1) await accounts.touchLogin(at.db, brand.id, account.id);
  expect(dueOf(await read(account))).toEqual(['third']);
});

test('of twenty tabs that answer at once each lands, and one whole set stands', async () => {
  const account = await person();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, turn) => save(account, { ...good, card: `AB-${1000 + turn}`, pet: `cat ${turn}` })),
  );
  expect(all).toHaveLength(20);
  const { answers } = await read(account);
  const turn = Number(String(answers.card?.value).slice(3)) - 1000;
  expect(answers.pet?.value).toBe(`cat ${turn}`);
});

test('a program answers by key: only what is in use, never by null, and it is known who said it', async () => {
  const account = await person();
  const give = (given: Record<string, unknown>) => answerProfile(at, brand, { accountId: account.id, given, source: from(), by: 'api' });
  expect(await give({ card: 'AB-1234', roast: 'light' })).toEqual(['card', 'roast']);
  expect(await give({ card: null, roast: 'light', phone_number: '+49 30 1234567' })).toEqual(['phone_number']);
  await expect(give({ old: 'x', nothing: 'y', roast: 5 })).rejects.toMatchObject({
    ...{ code: 'field_disabled', field: 'old' },
    also: [
      { code: 'field_unknown', field: 'nothing' },
      { code: 'answer_malformed', field: 'roast' },
    ],
  });
  const { answers, claims } = await read(account);
  expect(answers.card).toMatchObject({ value: 'AB-1234', by: 'api' });
  expect([claims.phone_number, answers.phone_number?.by, answers.phone_number?.value]).toEqual(['+49301234567', 'api', undefined]);
});
