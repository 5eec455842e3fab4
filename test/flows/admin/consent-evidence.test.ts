// The proof of what somebody agreed to, and that whoever changes it is found out.

import { publishConsents } from '../../../src/consent-publishing.ts';
import type { Brand } from '../../../src/domain/brands.ts';
import { consentEvidence } from '../../../src/flows/admin/consent-evidence.ts';
import { importAccount } from '../../../src/flows/admin/import-account.ts';
import { verifyConsents } from '../../../src/flows/admin/verify-consents.ts';
import { answerConsents } from '../../../src/flows/answer-consents.ts';
import * as accounts from '../../../src/storage/accounts.ts';
import * as brands from '../../../src/storage/brands.ts';
import { consentDocument, consentVersion, news } from '../../support/questions.ts';
import { createPerson, from, newAddress } from '../person.ts';
import { createTestBrand, type TestBrand } from '../test-brand.ts';

let at: TestBrand;
let brand: Brand;
const texts = { en: 'I agree to the [terms](https://shop.example/terms).', de: 'Ich akzeptiere die [AGB](https://shop.example/agb).' };

beforeAll(async () => {
  at = await createTestBrand();
  const terms = consentDocument('terms', consentVersion(1, { texts, url: 'https://shop.example/terms' }));
  await publishConsents(at.db, at.brand.id, [terms, news]);
  brand = (await brands.findBySlug(at.db, 'demo')) as Brand;
});
afterAll(() => at.close());

const answer = (accountId: string, accepted: boolean, more = {}) =>
  answerConsents(at, brand, {
    ...{ accountId, channel: 'page', at: 'choice', source: { ...from('203.0.113.9'), clientId: 'shop', locale: 'de' } },
    given: { terms: { version: '1', accepted: true }, news: { version: '1', accepted } },
    ...more,
  });

async function person(): Promise<string> {
  const { id } = await createPerson(at);
  await answer(id, true);
  await answer(id, false);
  return id;
}

test('the proof shows each answer with the words that were read, and can be read by anybody', async () => {
  const id = await person();
  const evidence = await consentEvidence(at, brand, id);
  expect(evidence).toMatchObject({ provider: { name: 'Nightfall Records' }, account: { sub: id }, verified: true, faults: [] });
  expect(evidence.answers).toMatchObject([
    {
      ...{ line: 1, answer: 'accepted', document: 'terms', version: 1, language: 'de', text: texts.de, text_matches: true },
      ...{
        url: 'https://shop.example/terms',
        app: 'shop',
        by_way_of: 'page',
        network: '203.0.113.0/24',
        user_agent: expect.stringContaining('Chrome'),
      },
    },
    { line: 2, answer: 'accepted', document: 'news', text: 'Schickt mir Neues.' },
    { line: 3, answer: 'withdrawn', document: 'news' },
  ]);
  expect(await verifyConsents(at, brand)).toMatchObject({ faults: [] });
});

const change = (statement: string) => (id: string) => at.db.pool.query(statement, [id]);
const forget = 'update portico.accounts set consents = consents || \'{"lines": 2}\' where id = $1';

test.each<[string, (id: string) => Promise<unknown>, string]>([
  [
    'an answer that was turned',
    change("update portico.consents set answer = 'accepted' where account_id = $1 and number = 3"),
    'line_changed',
  ],
  [
    'a date that was moved',
    change("update portico.consents set at = at - interval '1 year' where account_id = $1 and number = 1"),
    'line_changed',
  ],
  ['another text', change("update portico.consents set text_hash = sha256('other') where account_id = $1 and number = 1"), 'line_changed'],
  ['another version', change('update portico.consents set version = 2 where account_id = $1 and number = 1'), 'line_changed'],
  ['a line that was taken out', change('delete from portico.consents where account_id = $1 and number = 2'), 'line_missing'],
  ['an end that was cut off', change('delete from portico.consents where account_id = $1 and number = 3'), 'line_missing'],
  [
    'a line that was made up',
    change(`insert into portico.consents select brand_id, slice, account_id, 4, document, version, locale, text_hash, 'accepted', at, asked_at, client_id,
      channel, network, user_agent, digest, digest from portico.consents where account_id = $1 and number = 3`),
    'line_changed',
  ],
  [
    'an answer that only the account’s row was told',
    change(`update portico.accounts set consents = jsonb_set(consents, '{current,news,answer}', '"accepted"') where id = $1`),
    'answer_changed',
  ],
])('%s is found', async (_what, tamper, fault) => {
  const id = await person();
  await tamper(id);
  const { verified, faults } = await consentEvidence(at, brand, id);
  expect([verified, faults.map((one) => one.fault)]).toEqual([false, expect.arrayContaining([fault])]);
  const report = await verifyConsents(at, brand);
  expect(report.faults.filter(({ accountId }) => accountId === id).map((one) => one.fault)).toContain(fault);
  await at.db.pool.query('delete from portico.accounts where id = $1', [id]);
});

test('an end that was cut off together with what the account’s row knew of it is missed by the audit trail', async () => {
  const id = await person();
  const before = (await accounts.find(at.db, brand.id, id))!.consents;
  const second = await at.db.pool.query("select encode(digest, 'hex') as head from portico.consents where account_id = $1 and number = 2", [
    id,
  ]);
  await change('delete from portico.consents where account_id = $1 and number = 3')(id);
  await change(forget)(id);
  const current = {
    ...before.current,
    news: { ...before.current.news, answer: 'accepted', line: 2, at: (await lineAt(id, 2)).toISOString() },
  };
  await at.db.pool.query(
    "update portico.accounts set consents = consents || jsonb_build_object('head', $2::text, 'current', $3::jsonb) where id = $1",
    [...[id, second.rows[0].head, JSON.stringify(current)]],
  );
  expect((await consentEvidence(at, brand, id)).faults).toEqual([{ fault: 'line_missing', line: 3 }]);
  await at.db.pool.query('delete from portico.accounts where id = $1', [id]);
});

async function lineAt(id: string, number: number): Promise<Date> {
  return (await at.db.pool.query('select at from portico.consents where account_id = $1 and number = $2', [id, number])).rows[0].at;
}

test('a ledger moved to somebody else is none of theirs', async () => {
  const [one, other] = [await person(), await createPerson(at)];
  await at.db.pool.query('update portico.consents set account_id = $2, slice = $3 where account_id = $1', [
    one,
    other.id,
    Number.parseInt(other.id.slice(-4), 16) & 0x7fff,
  ]);
  expect((await consentEvidence(at, brand, other.id)).verified).toBe(false);
  expect((await consentEvidence(at, brand, one)).verified).toBe(false);
  await at.db.pool.query('delete from portico.accounts where id = any($1)', [[one, other.id]]);
});

test('verifying while people answer finds no fault', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, person));
  const answering = Promise.all(people.flatMap((id) => Array.from({ length: 6 }, (_, turn) => answer(id, turn % 2 === 0))));
  for (let round = 0; round < 3; round += 1) expect((await verifyConsents(at, brand)).faults).toEqual([]);
  await answering;
  const { accounts: held, lines, faults } = await verifyConsents(at, brand);
  expect([held >= 5, lines > 15, faults]).toEqual([true, true, []]);
});

test('what was agreed to elsewhere comes with the account, as an import of its day; what the brand has not is refused', async () => {
  const at2026 = new Date('2026-03-01T10:00:00Z');
  const passwordHash = await at.hasher.hash('correct horse battery staple');
  const input = { email: newAddress(), passwordHash, claims: { given_name: 'Ada' } };
  const bring = (version: number) =>
    importAccount(at, brand, { ...input, consents: [{ document: 'terms', version, answer: 'accepted', at: at2026 }] });
  await expect(bring(7)).rejects.toThrow('demo has no document "terms" of version 7.');
  const { id, answers } = await bring(1);
  expect(answers.given_name).toMatchObject({ by: 'import' });
  const { answers: lines, verified } = await consentEvidence(at, brand, id);
  expect([verified, lines]).toMatchObject([true, [{ at: at2026.toISOString(), by_way_of: 'import', network: null, user_agent: null }]]);
});

test('an end that was cut off is missed also when something was answered since', async () => {
  const id = await person();
  const { rows } = await at.db.pool.query(
    "select encode(digest, 'hex') as head from portico.consents where account_id = $1 and number = 2",
    [id],
  );
  const before = (await accounts.find(at.db, brand.id, id))!.consents;
  await change('delete from portico.consents where account_id = $1 and number = 3')(id);
  const news = { ...before.current.news, answer: 'accepted', line: 2, at: (await lineAt(id, 2)).toISOString() };
  const known = { lines: 2, head: rows[0].head, current: { ...before.current, news } };
  await at.db.pool.query('update portico.accounts set consents = $2 where id = $1', [id, JSON.stringify(known)]);
  await answer(id, false, { given: { terms: { version: '1', accepted: false } } });
  const { verified, faults } = await consentEvidence(at, brand, id);
  expect([verified, faults]).toEqual([false, [{ fault: 'line_missing', line: 3 }]]);
});
