import { publishConsents } from '../../src/consent-publishing.ts';
import type { Account } from '../../src/domain/accounts.ts';
import type { Brand } from '../../src/domain/brands.ts';
import { answerConsents } from '../../src/flows/answer-consents.ts';
import { confirmConsent, findOptIn } from '../../src/flows/confirm-consent.ts';
import { register } from '../../src/flows/register.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as brands from '../../src/storage/brands.ts';
import * as consents from '../../src/storage/consents.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { letters } from '../support/questions.ts';
import { createPerson, eventsOf, from, newAddress, newPassword, tokenOf } from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
let brand: Brand;
beforeAll(async () => {
  at = await createTestBrand();
  await publishConsents(at.db, at.brand.id, [letters]);
  brand = (await brands.findBySlug(at.db, 'demo')) as Brand;
});
afterEach(async () => {
  await resetClock(at.database);
  await at.db.pool.query('delete from portico.limits');
});
afterAll(() => at.close());

const choose = ({ id }: Pick<Account, 'id'>, accepted: boolean) => {
  const given = { letters: { version: '1', accepted } };
  return answerConsents(at, brand, { accountId: id, given, channel: 'page', source: { ...from(), clientId: 'shop' }, at: 'choice' });
};
const linkOf = async (email: string) => tokenOf((await mailTo(at, email, 'confirm_consent')).params.link);
const linesOf = ({ id }: Pick<Account, 'id'>) => consents.listOf(at.db, brand.id, id);
const knownOf = async ({ id }: Pick<Account, 'id'>) => (await accounts.find(at.db, brand.id, id))!.consents;

async function ticked() {
  const person = await createPerson(at);
  expect(await choose(person, true)).toEqual({ answered: [], mailed: ['letters'] });
  return { person, token: await linkOf(person.email) };
}

test('a mailing that is ticked counts only when the link was pressed: then there is a line, with both moments', async () => {
  const { person, token } = await ticked();
  expect(await linesOf(person)).toEqual([]);
  expect((await mailTo(at, person.email, 'confirm_consent')).params).toMatchObject({ statement: 'Send me letters.' });
  expect(await findOptIn(at, brand, token)).toMatchObject({ document: 'letters', state: 'ask' });
  expect(await linesOf(person)).toEqual([]);

  const pressed = from('198.51.100.23');
  expect(await confirmConsent(at, brand, { token, source: pressed })).toEqual({ document: 'letters' });
  const [line, ...others] = await linesOf(person);
  expect(others).toEqual([]);
  expect(line).toMatchObject({ answer: 'accepted', clientId: 'shop', network: '198.51.100.0/24', locale: 'en' });
  expect(Date.parse(line!.askedAt as string)).toBeLessThanOrEqual(Date.parse(line!.at));
  expect((await knownOf(person)).pending).toBeUndefined();
  expect(await eventsOf(at, person.id)).toEqual(['consent_requested', 'consent_answered']);
  expect(await findOptIn(at, brand, token)).toMatchObject({ state: 'confirmed' });
});

test('of twenty presses at once one counts, and the others hear that it was pressed', async () => {
  const { person, token } = await ticked();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => confirmConsent(at, brand, { token, source: from() })));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'code_used' });
  expect(await linesOf(person)).toHaveLength(1);
});

test('who changed their mind meanwhile is not brought in by the link', async () => {
  const { person, token } = await ticked();
  await choose(person, false);
  expect(await findOptIn(at, brand, token)).toBeUndefined();
  await expect(confirmConsent(at, brand, { token, source: from() })).rejects.toMatchObject({ code: 'code_expired' });
  expect((await linesOf(person)).map(({ answer }) => answer)).toEqual(['declined']);
});

test('a link is good for seven days, for its own brand, with both its halves', async () => {
  const { person, token } = await ticked();
  const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
  for (const wrong of [flipped, token.slice(1), 'x', '']) {
    expect(await findOptIn(at, brand, wrong)).toBeUndefined();
    await expect(confirmConsent(at, brand, { token: wrong, source: from() })).rejects.toMatchObject({
      code: expect.stringMatching(/^code_/),
    });
  }
  const other = { ...brand, id: brand.id + 1 };
  await expect(confirmConsent(at, other, { token, source: from() })).rejects.toMatchObject({ code: 'code_expired' });
  await shiftClock(at.database, 7 * 86_400 + 1);
  await expect(confirmConsent(at, brand, { token, source: from() })).rejects.toMatchObject({ code: 'code_expired' });
  expect(await linesOf(person)).toEqual([]);
});

test('a newcomer who ticks it is mailed with the account, in whatever way they join', async () => {
  const [email, source] = [newAddress(), { ...from(), clientId: 'shop' }];
  const form = { consents: { letters: { version: '1', accepted: true } }, typed: {} };
  const { account } = await register(
    at,
    at.with({}) && { ...brand, settings: { ...brand.settings, emailVerification: { pages: 'off' } } },
    {
      ...{ email, password: newPassword, source, form },
    },
  );
  expect(account.consents.pending).toHaveProperty('letters');
  await confirmConsent(at, brand, { token: await linkOf(email), source });
  expect(await linesOf(account)).toHaveLength(1);
});

test('past the limit of mails nothing goes out, and nothing breaks', async () => {
  const person = await createPerson(at);
  await forgetMails(at);
  for (let turn = 0; turn < 5; turn += 1) await choose(person, true);
  const sent = (await waitingMails(at)).filter(({ name }) => name === 'confirm_consent').map(({ to }) => to);
  expect(sent).toEqual([person.email, person.email, person.email, null, null]);
  await confirmConsent(at, brand, { token: await linkOf(person.email), source: from() });
  expect(await linesOf(person)).toHaveLength(1);
});

test('a link in somebody else’s inbox proves nothing once the account has another address', async () => {
  const { person, token } = await ticked();
  await at.db.pool.query('update portico.accounts set email = $2 where id = $1', [person.id, newAddress()]);
  expect(await findOptIn(at, brand, token)).toBeUndefined();
  await expect(confirmConsent(at, brand, { token, source: from() })).rejects.toMatchObject({ code: 'code_expired' });
  expect(await linesOf(person)).toEqual([]);
});

test('a tick that was taken back and set anew is confirmed by its own mail only, one that was mailed again by either', async () => {
  const { person, token: first } = await ticked();
  await choose(person, true);
  const second = await linkOf(person.email);
  expect([await findOptIn(at, brand, first), await findOptIn(at, brand, second)]).toMatchObject([{ state: 'ask' }, { state: 'ask' }]);
  await choose(person, false);
  await choose(person, true);
  const third = await linkOf(person.email);
  for (const token of [first, second]) {
    expect(await findOptIn(at, brand, token)).toBeUndefined();
    await expect(confirmConsent(at, brand, { token, source: from() })).rejects.toMatchObject({ code: 'code_expired' });
  }
  await confirmConsent(at, brand, { token: third, source: from() });
  await choose(person, false);
  // What was withdrawn since does not read as confirmed.
  expect(await findOptIn(at, brand, third)).toBeUndefined();
});
