// A hundred people press "Create account" at the same moment with one address, spelled in every way that means the same.
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, postForm } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

const spellings = [
  'ada@nightfall.example',
  'ADA@nightfall.example',
  'Ada@NightFall.Example',
  ' ada@nightfall.example',
  'ada@nightfall.example ',
  'aDa@nightfall.EXAMPLE',
];

async function createAll(passwordOf: (index: number) => string): Promise<Answer[]> {
  const shop = await party(portico.issuer, 'shop');
  const opened = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const browser = new Browser(portico.issuer);
      const page = await browser.get((await shop.begin()).url);
      return { url: page.url, fields: page.form('register').fields, cookie: browser.cookies.header(new URL(page.url)) };
    }),
  );
  return Promise.all(
    opened.map(({ url, fields, cookie }, index) =>
      postForm(url, { ...fields, email: spellings[index % spellings.length] as string, password: passwordOf(index) }, { cookie }),
    ),
  );
}

const counts = async () =>
  (
    await portico.db.pool.query(`
    select (select count(*)::int from portico.accounts) as accounts, (select count(*)::int from portico.identifiers) as identifiers,
      (select count(*)::int from portico.passwords) as passwords`)
  ).rows[0];
const statuses = (answers: Answer[]) => answers.map(({ status }) => status);

test('one account, one winner, and no faults when a hundred passwords differ', async () => {
  const answers = await createAll((index) => `${password} ${index}`);
  expect(await counts()).toEqual({ accounts: 1, identifiers: 1, passwords: 1 });
  expect(statuses(answers).filter((status) => status === 303)).toHaveLength(1);
  // Refused as taken, refused as too many tries on one address, or told to come back: the machine was asked for a hundred hashes at once.
  expect(statuses(answers).filter((status) => ![303, 422, 429, 503].includes(status))).toEqual([]);
  expect(portico.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

test('a hundred presses of one person make no second account', async () => {
  await portico.db.pool.query('delete from portico.limits');
  const answers = await createAll(() => `${password} for everybody`);
  expect(await counts()).toEqual({ accounts: 1, identifiers: 1, passwords: 1 });
  expect(statuses(answers).filter((status) => ![303, 422, 429, 503].includes(status))).toEqual([]);
});
