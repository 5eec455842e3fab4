import type { AccountClaims } from '../../src/domain/claims.ts';
import { Refusal } from '../../src/errors.ts';
import { updateProfile } from '../../src/flows/update-profile.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as brands from '../../src/storage/brands.ts';
import { newEmail } from '../support/people.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount } from '../support/protocol.ts';
import { question } from '../support/questions.ts';

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico();
});
afterAll(() => portico.stop());

const source = { ip: '203.0.113.9', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0', locale: 'en' };
const empty = { given_name: '', family_name: '', birthdate: '', phone_number: '', locale: '' };

async function person(claims: AccountClaims = {}) {
  const brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
  const id = await createAccount(portico, { email: newEmail() });
  await portico.db.pool.query('update portico.accounts set claims = $2 where id = $1', [id, JSON.stringify(claims)]);
  const update = (typed: Partial<typeof empty>) =>
    updateProfile(portico.services, brand, { accountId: id, typed: { ...empty, ...typed }, asked: Object.keys(empty), source });
  const read = async () => (await accounts.find(portico.db, brand.id, id))!;
  const audited = async () =>
    (
      await portico.db.pool.query(
        "select details, personal from portico.audit_events where account_id = $1 and event = 'profile_changed'",
        [id],
      )
    ).rows;
  return { id, brand, update, read, audited };
}

test('a profile is filled in, changed and emptied', async () => {
  const { update, read } = await person();
  await update({
    given_name: ' Ada ',
    family_name: 'King  Lovelace',
    birthdate: '1815-12-10',
    phone_number: '0049 (30) 123-456',
    locale: 'de',
  });
  expect((await read()).claims).toEqual({
    ...{ name: 'Ada King Lovelace', given_name: 'Ada', family_name: 'King Lovelace' },
    ...{ birthdate: '1815-12-10', phone_number: '+4930123456', locale: 'de' },
  });
  await update({ given_name: 'Ada' });
  expect((await read()).claims).toEqual({ name: 'Ada', given_name: 'Ada' });
  await update({});
  expect((await read()).claims).toEqual({});
});

test('what the page does not show stays, and a whole name of its own too', async () => {
  const { update, read } = await person({ name: 'The Countess', given_name: 'Ada', nickname: 'Al', zoneinfo: 'Europe/London' });
  await update({ given_name: 'Augusta', family_name: 'King' });
  expect((await read()).claims).toEqual({
    ...{ name: 'The Countess', given_name: 'Augusta', family_name: 'King', nickname: 'Al', zoneinfo: 'Europe/London' },
  });
});

test('a phone number that changes is proved no more; one that stays is', async () => {
  const { update, read } = await person({ phone_number: '+4930123456', phone_number_verified: true });
  await update({ phone_number: '+49 30 123456' });
  expect((await read()).claims).toEqual({ phone_number: '+4930123456', phone_number_verified: true });
  await update({ phone_number: '+49 30 999999' });
  expect((await read()).claims).toEqual({ phone_number: '+4930999999' });
});

test('a date of birth without a day, or a year, that came from elsewhere may stay', async () => {
  const { update, read } = await person({ birthdate: '0000-02-29' });
  await update({ birthdate: '0000-02-29', given_name: 'Ada' });
  expect((await read()).claims.birthdate).toBe('0000-02-29');
});

test.each<[keyof typeof empty, string, string]>([
  ['given_name', 'A\u0007da', 'name_malformed'],
  ['family_name', 'a\ud800', 'name_malformed'],
  ['given_name', 'x'.repeat(101), 'name_too_long'],
  ['birthdate', '2031-01-01', 'birthdate_invalid'],
  ['birthdate', '1990-02-30', 'birthdate_invalid'],
  ['birthdate', '24.06.1990', 'birthdate_invalid'],
  ['phone_number', '030 123456', 'phone_number_invalid'],
  ['phone_number', '+49 call me', 'phone_number_invalid'],
  ['phone_number', '+4930123456\r\nX: y', 'phone_number_invalid'],
  ['locale', 'not a language', 'locale_invalid'],
  ['locale', '"><script>', 'locale_invalid'],
])('%s %j is refused at its field and changes nothing', async (field, value, code) => {
  const { update, read, audited } = await person({ given_name: 'Ada', name: 'Ada' });
  const before = await read();
  const refusal = await update({ family_name: 'King', [field]: value }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ code, field });
  expect(await read()).toEqual(before);
  expect(await audited()).toEqual([]);
});

test('a change is told by the names of its fields, and by where it came from; no change is none', async () => {
  const { update, read, audited } = await person({ given_name: 'Ada', name: 'Ada' });
  const before = await read();
  expect(await update({ given_name: 'Ada' })).toEqual([]);
  expect(await read()).toEqual(before);
  expect(await update({ given_name: 'Ada', birthdate: '1815-12-10' })).toEqual(['birthdate']);
  expect((await read()).updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
  expect(await audited()).toEqual([
    { details: { fields: 'birthdate' }, personal: { device: 'Chrome/Windows', network: '203.0.113.0/24' } },
  ]);
});

test('of twenty changes at once each is whole and the last one stands', async () => {
  const { update, read, audited } = await person();
  const names = Array.from({ length: 20 }, (_, index) => `Name${index}`);
  await Promise.all(names.map((name) => update({ given_name: name, family_name: `of ${name}` })));
  const { claims } = await read();
  expect(names).toContain(claims.given_name);
  expect(claims).toEqual({
    ...{ given_name: claims.given_name, family_name: `of ${claims.given_name}` },
    name: `${claims.given_name} of ${claims.given_name}`,
  });
  expect(await audited()).toHaveLength(20);
});

test('a disabled account changes no more', async () => {
  const { id, brand, update } = await person();
  await accounts.disable(portico.db, brand.id, id);
  await expect(update({ given_name: 'Eve' })).rejects.toMatchObject({ code: 'account_unavailable' });
});

test('a page from before a question was there leaves its answer alone', async () => {
  const { id, brand, read } = await person();
  const sms = question('sms', { type: 'checkbox' });
  const options = ['old', 'new'].map((value) => ({ value, label: { en: value } }));
  const topics = question('topics', { type: 'multi_select', options });
  const asking = { ...brand, fields: [sms, question('roast'), topics] };
  const answered = { roast: { value: 'dark' }, sms: { value: true }, topics: { value: ['old', 'new'] } };
  await portico.db.pool.query('update portico.accounts set answers = $2 where id = $1', [id, JSON.stringify(answered)]);
  const update = (asked: string[], typed: Record<string, string>, brand = asking) =>
    updateProfile(portico.services, brand, { accountId: id, typed, asked, source });
  expect(await update(['given_name'], { given_name: 'Ada' })).toEqual(['given_name', 'name']);
  expect((await read()).answers).toMatchObject(answered);
  // What is offered no more has no box, and stays when nothing else of it changes.
  const fewer = { ...asking, fields: [{ ...topics, options: options.slice(1) }] };
  expect(await update(['topics'], { 'topics.new': 'yes' }, fewer)).toEqual([]);
  expect(await update(['topics'], {}, fewer)).toEqual(['topics']);
  expect(await update(['sms', 'roast'], { roast: '' })).toEqual(['roast', 'sms']);
});

test('where only the age is to be kept, a date from before goes with the next save', async () => {
  const { id, brand, read } = await person({ birthdate: '1990-06-24' });
  const age = question('birthdate', { type: 'birth_date', required: true, minimumAge: 16, keep: 'age' });
  const asking = { ...brand, fields: [age] };
  const update = (typed: Record<string, string>) =>
    updateProfile(portico.services, asking, { accountId: id, typed, asked: ['birthdate'], source });
  expect(await update({ birthdate: '1990-06-24' })).toEqual(['birthdate']);
  const { claims, answers } = await read();
  expect([claims, answers.birthdate?.value]).toEqual([{}, { minimum_age: 16 }]);
});
