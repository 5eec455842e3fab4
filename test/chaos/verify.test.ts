// The ledger would be worth nothing if it overlooked a loss: it passes when all is there, and names each thing that is taken away.
import { createLedger, type Ledger, type Person, totalOf } from '../../chaos/ledger.ts';
import { people } from '../../chaos/people.ts';
import { brandOf, slug } from '../../chaos/setting.ts';
import { lostOf } from '../../chaos/verify.ts';
import type { Brand } from '../../src/domain/brands.ts';
import * as brands from '../../src/storage/brands.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
let brand: Brand;
let ledger: Ledger;

beforeAll(async () => {
  const { issuer: _own, ...chaos } = brandOf('', 'off');
  portico = await startPortico({ brands: [chaos], mail: true });
  brand = (await brands.findBySlug(portico.db, slug)) as Brand;
  ledger = createLedger();
  const isOver = () => totalOf(ledger, ['forgot']).acknowledged >= 3;
  await Promise.all(['one', 'two'].map((name) => people({ issuer: portico.issuer, ledger, isOver }, name)));
}, 60_000);
afterAll(() => portico.stop());

const lost = () => lostOf(ledger, { issuer: portico.issuer, services: portico.services, brand, smtp: portico.smtp });
/** Of those who went through all of it. */
const person = (index: number) => ledger.people.filter(({ counts }) => counts.forgot.acknowledged > 0)[index] as Person;

test('without a fault everything is acknowledged, and everything is there', async () => {
  expect([ledger.errors, ledger.unexpected]).toEqual([{}, []]);
  expect(totalOf(ledger).acknowledged).toBe(totalOf(ledger).sent);
  expect(await lost()).toEqual([]);
});

const ofAccount = (table: string, email: string, more = '') =>
  portico.db.pool.query(
    `delete from portico.${table} where account_id = (select id from portico.accounts where email = $1) and brand_id = $2 ${more}`,
    [email, brand.id],
  );

test('what is taken away is found', async () => {
  const [one, two, three] = [person(0).email, person(1).email, person(2).email];
  await ofAccount('passwords', one);
  await ofAccount('oidc_tokens', two, "and kind = 'RefreshToken'");
  await portico.db.pool.query("update portico.accounts set claims = '{}' where email = $1", [three]);
  await ofAccount('consents', three, 'and number = 3');
  await ofAccount('audit_events', three, "and event = 'password_changed'");
  await ofAccount('audit_events', two, "and event = 'login_succeeded'");
  portico.smtp.mails.splice(0, portico.smtp.mails.length, ...portico.smtp.mails.filter(({ to, digits }) => !digits || to[0] !== two));

  const found = await lost();
  for (const sentence of [
    `${one}: nobody gets in`,
    `${one}: no password`,
    `${two}: a refresh token is not taken: 400 {"error":"invalid_grant"`,
    `${two}: 0 mails of "forgot" for 1 to 1`,
    `${two}: 0 login_succeeded, and not 1 to Infinity`,
    `${three}: name is not what was answered`,
    `${three}: 0 password_changed, and not 1 to 1`,
    `${three}: 2 lines, and not 3 to 3`,
    'consent ledger: {"accountId"',
    'audit trail: {"fault":"events_missing"',
  ])
    expect(found).toContainEqual(expect.stringContaining(sentence));
});

test('an account that was acknowledged and is not there at all, or there twice, is found', async () => {
  ledger.newPerson('never@chaos.example', 'tremolo cassette', false).registered = true;
  await portico.db.pool.query(
    `insert into portico.accounts (brand_id, slice, id, email) select brand_id, slice, gen_random_uuid(), email from portico.accounts where email = $1`,
    [person(1).email],
  );
  const found = await lost();
  expect(found).toContainEqual(expect.stringContaining('never@chaos.example: nobody gets in'));
  expect(found).toContainEqual('never@chaos.example: 0 accounts, and not 1 to 1');
  expect(found).toContainEqual(`${person(1).email}: an address twice`);
});
