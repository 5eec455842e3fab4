import { publishConsents } from '../../src/consent-publishing.ts';
import type { Account } from '../../src/domain/accounts.ts';
import type { Brand } from '../../src/domain/brands.ts';
import { consentsToAsk } from '../../src/domain/consents.ts';
import { type AnswerConsents, answerConsents, deferTerms } from '../../src/flows/answer-consents.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as brands from '../../src/storage/brands.ts';
import * as consents from '../../src/storage/consents.ts';
import { consentDocument, consentVersion, letters, news, terms } from '../support/questions.ts';
import { createPerson, eventsOf, from } from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
let brand: Brand;
const german = consentDocument('german', consentVersion(1, { countries: ['DE'] }));
const app = consentDocument('app', consentVersion(1, { kind: 'optional', clients: ['phone'] }));

beforeAll(async () => {
  at = await createTestBrand();
  await publishConsents(at.db, at.brand.id, [terms(1, 2), news, letters, german, app]);
  brand = (await brands.findBySlug(at.db, 'demo')) as Brand;
});
afterAll(() => at.close());

const given = (answers: Record<string, boolean>, version = '1') =>
  Object.fromEntries(Object.entries(answers).map(([name, accepted]) => [name, { version: name === 'terms' ? '2' : version, accepted }]));

const answer = ({ id }: Pick<Account, 'id'>, answers: AnswerConsents['given'], more: Partial<AnswerConsents> = {}) =>
  answerConsents(at, brand, { accountId: id, given: answers, channel: 'page', source: from(), country: 'GB', at: 'sign_in', ...more });

const linesOf = async ({ id }: Pick<Account, 'id'>) =>
  (await consents.listOf(at.db, brand.id, id)).map(({ document, version, answer }) => `${document} ${version} ${answer}`);

const knownOf = async ({ id }: Pick<Account, 'id'>) => (await accounts.find(at.db, brand.id, id))!.consents;

test('what is open is answered at once: what is ticked is accepted, what is not is declined, and each leaves a line and a row of the trail', async () => {
  const person = await createPerson(at);
  const source = { ...from(), clientId: 'shop', locale: 'de' };
  expect(await answer(person, given({ terms: true, news: false, letters: false }), { source })).toEqual({
    answered: ['terms', 'news', 'letters'],
    mailed: [],
  });
  const [line] = await consents.listOf(at.db, brand.id, person.id);
  expect(line).toMatchObject({ number: 1, version: 2, locale: 'en', answer: 'accepted', clientId: 'shop', channel: 'page' });
  expect(line).toMatchObject({
    userAgent: source.userAgent,
    network: expect.stringMatching(/\/24$/),
    textHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect((await consents.listOf(at.db, brand.id, person.id))[1]).toMatchObject({ document: 'news', locale: 'de', answer: 'declined' });
  expect((await eventsOf(at, person.id)).filter((event) => event === 'consent_answered')).toHaveLength(3);
  const moment = { now: new Date(), country: 'GB' };
  expect(consentsToAsk(brand.consents, await knownOf(person), moment)).toEqual([]);
});

test('without what is required nothing is written, and every box that is missing is told', async () => {
  const person = await createPerson(at);
  const refused = answer(person, given({ terms: false, news: true }), { country: 'DE' });
  await expect(refused).rejects.toMatchObject({ code: 'consent_required', field: 'consent_terms', also: [{ field: 'consent_german' }] });
  expect(await linesOf(person)).toEqual([]);
});

test('a version that is not the one of now is refused, ticked or not', async () => {
  const person = await createPerson(at);
  const stale = { terms: { version: '1', accepted: true } };
  await expect(answer(person, stale)).rejects.toMatchObject({ code: 'consent_outdated', field: 'consent_terms' });
  await expect(answer(person, stale, { at: 'choice' })).rejects.toMatchObject({ code: 'consent_outdated' });
  await expect(answer(person, given({ nonsense: true }), { at: 'choice' })).rejects.toMatchObject({ code: 'consent_unknown' });
  await expect(answer(person, given({ constructor: true }), { at: 'choice' })).rejects.toMatchObject({ code: 'consent_unknown' });
  expect(await linesOf(person)).toEqual([]);
});

test('withdrawing is a new line, saying the same again is none, and a required one is asked for again', async () => {
  const person = await createPerson(at);
  await answer(person, given({ terms: true, news: true, letters: false }));
  await answer(person, given({ news: false }), { at: 'choice' });
  await answer(person, given({ news: false }), { at: 'choice', channel: 'api' });
  await answer(person, given({ terms: false }), { at: 'choice' });
  expect(await linesOf(person)).toEqual([
    'terms 2 accepted',
    'news 1 accepted',
    'letters 1 declined',
    'news 1 withdrawn',
    'terms 2 withdrawn',
  ]);
  expect(consentsToAsk(brand.consents, await knownOf(person), { now: new Date() }).map(({ document }) => document.name)).toContain('terms');
  await answer(person, given({ terms: true }));
  expect((await linesOf(person)).at(-1)).toBe('terms 2 accepted');
});

test('what was agreed to through another app can be withdrawn from anywhere', async () => {
  const person = await createPerson(at);
  const phone = { ...from(), clientId: 'phone' };
  await answer(person, given({ app: true }), { at: 'choice', source: phone });
  await answer(person, given({ app: false }), { at: 'choice' });
  expect(await linesOf(person)).toEqual(['app 1 accepted', 'app 1 withdrawn']);
});

test('of twenty tabs that answer at once one set of lines stands, whole and without a gap', async () => {
  const person = await createPerson(at);
  const all = await Promise.all(Array.from({ length: 20 }, () => answer(person, given({ terms: true, news: true, letters: false }))));
  expect(all.filter(({ answered }) => answered.length > 0)).toHaveLength(1);
  expect(await linesOf(person)).toEqual(['terms 2 accepted', 'news 1 accepted', 'letters 1 declined']);
});

test('twenty changes of mind at once leave a chain of as many lines as there were', async () => {
  const person = await createPerson(at);
  const turns = Array.from({ length: 20 }, (_, turn) => answer(person, given({ news: turn % 2 === 0 }), { at: 'choice' }));
  const said = (await Promise.all(turns)).filter(({ answered }) => answered.length > 0).length;
  const lines = await consents.listOf(at.db, brand.id, person.id);
  expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: said }, (_, index) => index + 1));
  expect((await knownOf(person)).head).toBe(lines.at(-1)?.digest);
});

test('a disabled account answers nothing', async () => {
  const person = await createPerson(at);
  await accounts.disable(at.db, brand.id, person.id);
  await expect(answer(person, given({ terms: true }))).rejects.toMatchObject({ code: 'account_unavailable' });
});

test('what has to be answered cannot be put off', async () => {
  const person = await createPerson(at);
  await expect(deferTerms(at, brand, { accountId: person.id, source: from() })).rejects.toMatchObject({ code: 'consent_required' });
  expect((await knownOf(person)).deferred).toBeUndefined();
});

test('what may still be put off is put off beside what has to be answered', async () => {
  const person = await createPerson(at);
  const soon = `${new Date().toISOString().slice(0, 19)}Z`;
  const privacy = consentDocument('privacy', consentVersion(1), consentVersion(2, { effectiveAt: soon, graceDays: 30 }));
  const both = { ...brand, consents: [privacy, terms(1)].map((document) => ({ ...document, owner: 'brand' as const })) };
  const input = { accountId: person.id, channel: 'page', source: from(), at: 'sign_in' } as const;
  const before = { ...both, consents: both.consents.map((document) => ({ ...document, versions: document.versions.slice(0, 1) })) };
  const yes = { version: '1', accepted: true };
  await answerConsents(at, { ...before, consents: before.consents.slice(0, 1) }, { ...input, given: { privacy: yes } });
  const no = { version: '2', accepted: false };
  await expect(answerConsents(at, both, { ...input, given: { privacy: no, terms: { ...yes, accepted: false } } })).rejects.toMatchObject({
    ...{ field: 'consent_terms', also: [] },
  });
  await answerConsents(at, both, { ...input, given: { privacy: no, terms: yes } });
  expect(await linesOf(person)).toEqual(['privacy 1 accepted', 'terms 1 accepted']);
  expect((await knownOf(person)).deferred).toMatchObject({ privacy: { version: 2 } });
  expect(consentsToAsk(both.consents, await knownOf(person), { now: new Date() })).toEqual([]);
});

test('what is switched off can be taken back, and not be agreed to', async () => {
  const person = await createPerson(at);
  await answer(person, given({ news: true }), { at: 'choice' });
  const off = { ...brand, consents: brand.consents.map((document) => ({ ...document, enabled: false })) };
  const choose = (accepted: boolean) =>
    answerConsents(at, off, { accountId: person.id, channel: 'page', source: from(), at: 'choice', given: given({ news: accepted }) });
  await choose(false);
  expect(await linesOf(person)).toEqual(['news 1 accepted', 'news 1 withdrawn']);
  await expect(choose(true)).rejects.toMatchObject({ code: 'consent_unknown' });
});
