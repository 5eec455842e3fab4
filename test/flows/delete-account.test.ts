// Deleting one's account: asked for, thought over, kept, or erased for good.
import type { Source } from '../../src/domain/sources.ts';
import { requestDeletion } from '../../src/flows/delete-account.ts';
import { eraseNextDue } from '../../src/flows/erase-account.ts';
import { keepAccount, keepAccountByLink } from '../../src/flows/keep-account.ts';
import { login } from '../../src/flows/login.ts';
import { register } from '../../src/flows/register.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { password } from '../support/people.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

const DAY = 86_400;
const times = <Result>(work: () => Promise<Result>) => Promise.all(Array.from({ length: 20 }, work));
const source: Source = { ip: '203.0.113.9', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/150.0', clientId: 'shop', locale: 'de' };

let test_: TestBrand;
let other: TestBrand['brand'];
let accountId: string;
let email: string;
let count = 0;

beforeAll(async () => {
  test_ = await createTestBrand();
  other = { ...test_.brand, id: test_.brand.id + 1 };
});
beforeEach(async () => {
  count += 1;
  email = `mira${count}@nightfall.example`;
  accountId = (await register(test_, test_.brand, { email, password, byOperator: true })).account.id;
  await forgetMails(test_);
});
afterEach(() => resetClock(test_.database));
afterAll(() => test_.close());

const ask = () => requestDeletion(test_, test_.brand, { accountId, source });
const byLink = (token: string, brand = test_.brand) => keepAccountByLink(test_, brand, { token, source });
const account = () => accounts.find(test_.db, test_.brand.id, accountId);
const token = async () => new URL((await mailTo(test_, email, 'deletion_requested')).params.link).searchParams.get('token') as string;

async function audited(event: string): Promise<{ actor: string; client_id: string | null; personal: unknown }[]> {
  const { rows } = await test_.db.pool.query(
    'select actor, client_id, personal from portico.audit_events where account_id = $1 and event = $2',
    [accountId, event],
  );
  return rows;
}

test('asking 20 times at once sets one date, sends one mail and writes one line', async () => {
  const dates = await times(ask);
  expect(new Set(dates.map(({ eraseAfter }) => eraseAfter.getTime())).size).toBe(1);
  expect((await account())?.eraseAfter).toEqual(dates[0]?.eraseAfter);
  expect(await waitingMails(test_)).toHaveLength(1);
  const seen = { device: 'Chrome/Windows', network: '203.0.113.0/24' };
  expect(await audited('deletion_requested')).toEqual([{ actor: 'end_user', client_id: 'shop', personal: seen }]);
});

test('the mail says until when it can be kept, in the language it was asked in, with a link of this brand', async () => {
  const { eraseAfter } = await ask();
  const { params, locale, seconds } = await mailTo(test_, email, 'deletion_requested');
  expect(eraseAfter.getTime() - Date.now()).toBeGreaterThan((14 * DAY - 60) * 1_000);
  expect(params.until).toBe(eraseAfter.toISOString());
  expect(params.link).toMatch(/^https:\/\/demo\.example\/keep-account\?token=[\w-]{44}$/);
  expect([locale, seconds]).toEqual(['de', 14 * DAY]);
});

test('the time to think it over is the brand’s', async () => {
  const { eraseAfter } = await requestDeletion(test_, test_.with({ deletionDays: 2 }), { accountId, source });
  expect(Math.round((eraseAfter.getTime() - Date.now()) / 1_000 / DAY)).toBe(2);
});

test('what was signed in counts no more, and signing in works until the day', async () => {
  await ask();
  expect((await account())?.signedOutAt).not.toBeNull();
  const signedIn = await login(test_, test_.brand, { email, password, source });
  expect(signedIn.account.eraseAfter).not.toBeNull();
});

test('an account that is not there cannot be deleted', async () => {
  await expect(requestDeletion(test_, test_.brand, { accountId: '00000000-0000-4000-8000-000000000000', source })).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(requestDeletion(test_, other, { accountId, source })).rejects.toMatchObject({ code: 'not_found' });
});

test('its owner keeps it: once, however often they press', async () => {
  await ask();
  const link = await token();
  const kept = await times(() => keepAccount(test_, test_.brand, { accountId, source }));
  expect(kept.filter(Boolean)).toHaveLength(1);
  expect(await account()).toMatchObject({ eraseAfter: null });
  expect(await audited('deletion_cancelled')).toHaveLength(1);
  // The link in the mail has nothing left to do.
  expect(await byLink(link)).toBe(false);
});

test('20 presses on the link’s button keep it once, and afterwards the link is dead', async () => {
  await ask();
  const link = await token();
  expect((await times(() => byLink(link))).filter(Boolean)).toHaveLength(1);
  expect(await account()).toMatchObject({ eraseAfter: null });
  expect(await audited('deletion_cancelled')).toHaveLength(1);
  expect(await byLink(link)).toBe(false);
});

test('the button on the page and the link at once: nobody waits for each other for ever', async () => {
  await ask();
  const link = await token();
  const both = await Promise.all([...Array(10)].flatMap(() => [byLink(link), keepAccount(test_, test_.brand, { accountId, source })]));
  expect(both.filter(Boolean)).toHaveLength(1);
});

test('asked for again after it was kept: a new date, a new link, and the old link stays dead', async () => {
  await ask();
  const old = await token();
  await keepAccount(test_, test_.brand, { accountId, source });
  await ask();
  expect(await byLink(old)).toBe(false);
  expect((await account())?.eraseAfter).not.toBeNull();
  expect(await byLink(await token())).toBe(true);
});

test('a link of another brand, a tampered one, a halved one and none at all keep nothing', async () => {
  await ask();
  const link = await token();
  const flipped = link.slice(0, -1) + (link.endsWith('A') ? 'B' : 'A');
  for (const wrong of [flipped, link.slice(0, 22), '', `${link}A`, 'none', '\0']) expect(await byLink(wrong)).toBe(false);
  expect(await byLink(link, other)).toBe(false);
  expect((await account())?.eraseAfter).not.toBeNull();
  expect(await byLink(link)).toBe(true);
});

test('it can be kept as long as it is there, also on the last day, and not after the erasure', async () => {
  await ask();
  const link = await token();
  await shiftClock(test_.database, 14 * DAY + 60);
  expect(await byLink(link)).toBe(true);
  await ask();
  const next = await token();
  await shiftClock(test_.database, 14 * DAY + 60);
  while (await eraseNextDue(test_));
  expect(await byLink(next)).toBe(false);
  expect(await keepAccount(test_, test_.brand, { accountId, source })).toBe(false);
});

test('keeping and erasing at the same moment: one of them wins, whole', async () => {
  for (let round = 0; round < 5; round += 1) {
    email = `race${count}.${round}@nightfall.example`;
    accountId = (await register(test_, test_.brand, { email, password, byOperator: true })).account.id;
    await ask();
    const link = await token();
    await shiftClock(test_.database, 14 * DAY + 60);
    const [kept, erased] = await Promise.all([byLink(link), eraseNextDue(test_)]);
    expect(Boolean(await account())).toBe(kept);
    const { rows } = await test_.db.pool.query('select 1 from portico.erased_accounts where id = $1', [accountId]);
    expect(rows).toHaveLength(kept ? 0 : 1);
    expect(erased).toBe(!kept);
    await resetClock(test_.database);
  }
});
