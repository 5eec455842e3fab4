// Erasing an account: by the clock or by an operator, once, and again after a copy was restored.
import { newAccountId } from '../../src/domain/slices.ts';
import { eraseAccount, eraseNextDue } from '../../src/flows/erase-account.ts';
import { eraseAgain } from '../../src/flows/erase-again.ts';
import { register } from '../../src/flows/register.ts';
import { eraseAccounts } from '../../src/jobs/erase-accounts.ts';
import { createLog } from '../../src/log.ts';
import * as accountRemains from '../../src/storage/account-remains.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as auditEvents from '../../src/storage/audit-events.ts';
import { openDatabase } from '../../src/storage/database.ts';
import * as outbox from '../../src/storage/outbox.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { password } from '../support/people.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

const DAY = 86_400;
const log = createLog('silent');
let test_: TestBrand;
let count = 0;

beforeAll(async () => {
  test_ = await createTestBrand();
});
afterEach(async () => {
  await resetClock(test_.database);
  await forgetMails(test_);
});
afterAll(() => test_.close());

async function person(): Promise<{ id: string; email: string }> {
  count += 1;
  const email = `gone${count}@nightfall.example`;
  const { account } = await register(test_, test_.brand, { email, password, claims: { locale: 'de-AT' }, byOperator: true });
  return { id: account.id, email };
}

async function due(): Promise<{ id: string; email: string }> {
  const someone = await person();
  await accounts.setEraseAfter(test_.db, test_.brand.id, someone.id, { seconds: -1, locale: 'en' });
  return someone;
}

const isThere = async (id: string) => (await accounts.find(test_.db, test_.brand.id, id)) !== undefined;

async function rowsOf(table: string, id: string): Promise<Record<string, unknown>[]> {
  const column = table === 'erased_accounts' ? 'id' : 'account_id';
  return (await test_.db.pool.query(`select * from portico.${table} where ${column} = $1`, [id])).rows;
}

const erasures = async (id: string) => (await rowsOf('audit_events', id)).filter(({ event }) => event === 'account_erased');

test('20 erasures at once, by operators and by the clock, leave one tombstone, one line and one mail', async () => {
  const { id, email } = await due();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? eraseAccount(test_, test_.brand, id) : eraseNextDue(test_))),
  );
  expect(all.filter(Boolean)).toHaveLength(1);
  expect(await isThere(id)).toBe(false);
  expect(await rowsOf('erased_accounts', id)).toHaveLength(1);
  expect(await erasures(id)).toHaveLength(1);
  expect(await waitingMails(test_)).toMatchObject([{ name: 'account_erased', to: email }]);
});

test('two processes share what is due, and each account is erased once', async () => {
  const people = await Promise.all(Array.from({ length: 15 }, due));
  const second = openDatabase({ url: test_.database.url, max: 5 });
  const runs = [
    { ...test_, log },
    { ...test_, log, db: second },
  ];
  const erased = await Promise.all(runs.map((run) => eraseAccounts(run)));
  await second.close();
  expect(erased[0]! + erased[1]!).toBe(15);
  for (const { id } of people) expect(await rowsOf('erased_accounts', id)).toHaveLength(1);
  expect(await waitingMails(test_)).toHaveLength(15);
});

test('one account that cannot be erased does not keep the others, and nothing of it is half gone', async () => {
  const [stuck, other] = [await due(), await due()];
  await test_.db.pool.query(`
    create function portico.stuck() returns trigger language plpgsql as $$ begin
      if new.id = '${stuck.id}' then raise exception 'stuck'; end if;
      return new;
    end $$;
    create trigger stuck before insert on portico.erased_accounts for each row execute function portico.stuck()`);
  expect(await eraseAccounts({ ...test_, log })).toBe(1);
  expect([await isThere(stuck.id), await isThere(other.id)]).toEqual([true, false]);
  expect(await rowsOf('passwords', stuck.id)).toHaveLength(1);
  await test_.db.pool.query('drop trigger stuck on portico.erased_accounts; drop function portico.stuck()');
  expect(await eraseAccounts({ ...test_, log })).toBe(1);
  expect(await isThere(stuck.id)).toBe(false);
});

test('a trail of ten thousand events is emptied to its end', async () => {
  const { id } = await person();
  await test_.db.pool.query(
    `insert into portico.audit_events (brand_id, slice, id, event, actor, account_id, personal, salt, commitment)
     select brand_id, slice, gen_random_uuid(), 'login_failed', 'end_user', id, '{"network": "198.51.100.0/24"}', 'salt', 'commitment'
     from portico.accounts, generate_series(1, 10001) where id = $1`,
    [id],
  );
  await eraseAccount(test_, test_.brand, id);
  const rows = await rowsOf('audit_events', id);
  expect(rows.length).toBeGreaterThan(10_000);
  expect(rows.every(({ personal, salt }) => personal === null && salt === null)).toBe(true);
});

test('an account that is in use this moment is passed over and erased with the next run', async () => {
  const { id } = await due();
  const using = await test_.db.pool.connect();
  await using.query('begin');
  await using.query('select 1 from portico.accounts where id = $1 for update', [id]);
  expect(await eraseNextDue(test_)).toBe(false);
  await using.query('rollback');
  using.release();
  expect(await eraseNextDue(test_)).toBe(true);
});

test('nobody is erased before their time', async () => {
  const { id } = await person();
  await accounts.setEraseAfter(test_.db, test_.brand.id, id, { seconds: DAY, locale: 'en' });
  expect(await eraseNextDue(test_)).toBe(false);
  await shiftClock(test_.database, DAY + 1);
  expect(await eraseNextDue(test_)).toBe(true);
});

test('the last mail is in the language the deletion was asked in; for an operator’s, in that of the profile', async () => {
  const asked = await due();
  await eraseNextDue(test_);
  expect((await mailTo(test_, asked.email, 'account_erased')).locale).toBe('en');
  const { id, email } = await person();
  expect(await eraseAccount(test_, test_.brand, id)).toBe(true);
  expect((await mailTo(test_, email, 'account_erased')).locale).toBe('de-AT');
});

test('mails that still wait for the person are not sent; those of others, and of the same address elsewhere, are', async () => {
  const [{ id, email }, bystander] = [await person(), await person()];
  const mail = { name: 'verify_email', params: { digits: '123456', link: 'https://demo.example/x' }, locale: 'en', seconds: DAY } as const;
  for (const to of [email, email.toUpperCase(), bystander.email])
    await outbox.addMail(test_.db, test_.keyring, test_.brand.id, { ...mail, to });
  await outbox.addMail(test_.db, test_.keyring, test_.brand.id, { ...mail, to: null });
  await outbox.addMail(test_.db, test_.keyring, test_.brand.id + 1, { ...mail, to: email });
  await eraseAccount(test_, test_.brand, id);
  const left = (await waitingMails(test_)).map(({ name, to, brandId }) => [name, to, brandId - test_.brand.id]);
  expect(left).toEqual([
    ['verify_email', bystander.email, 0],
    ['verify_email', null, 0],
    ['verify_email', email, 1],
    ['account_erased', email, 0],
  ]);
});

test('the audit trail keeps what happened and loses from where', async () => {
  const { id } = await person();
  const source = { ip: '198.51.100.77', userAgent: 'Mozilla/5.0 (iPhone) Safari/605', clientId: 'shop' };
  await auditEvents.record(test_.db, test_.brand.id, { event: 'login_succeeded', actor: 'end_user', accountId: id, source });
  const signIn = async () => (await rowsOf('audit_events', id)).find(({ event }) => event === 'login_succeeded');
  const before = await signIn();
  await eraseAccount(test_, test_.brand, id);
  const after = await signIn();
  expect(before?.personal).not.toBeNull();
  expect(after).toMatchObject({ ...before, personal: null, salt: null });
});

test('what a request on its way writes afterwards is gone a minute later, and the address is free', async () => {
  const { id, email } = await person();
  await eraseAccount(test_, test_.brand, id);
  await test_.db.pool.query(
    `insert into portico.identifiers (brand_id, slice, digest, kind, account_id) values ($1, 0, sha256('late'), 'email', $2)`,
    [test_.brand.id, id],
  );
  const source = { ip: '198.51.100.77', clientId: 'shop' };
  await auditEvents.record(test_.db, test_.brand.id, { event: 'login_failed', actor: 'end_user', accountId: id, source });
  expect(await accountRemains.removeLate(test_.db)).toBe(2);
  expect(await accountRemains.removeLate(test_.db)).toBe(0);
  expect(await rowsOf('identifiers', id)).toEqual([]);
  expect((await rowsOf('audit_events', id)).every(({ personal }) => personal === null)).toBe(true);
  expect((await register(test_, test_.brand, { email, password, byOperator: true })).account.id).not.toBe(id);
});

test('a restored copy: whoever is in the journal and there again is erased again, without a second mail', async () => {
  const [{ id }, other] = [await person(), await person()];
  const { rows } = await test_.db.pool.query('select * from portico.accounts where id = $1', [id]);
  await eraseAccount(test_, test_.brand, id);
  await forgetMails(test_);
  await test_.db.pool.query('insert into portico.accounts select * from jsonb_populate_record(null::portico.accounts, $1)', [
    JSON.stringify(rows[0]),
  ]);
  expect(await isThere(id)).toBe(true);
  expect(await eraseAgain(test_, test_.brand)).toBe(1);
  expect(await eraseAgain(test_, test_.brand)).toBe(0);
  expect([await isThere(id), await isThere(other.id)]).toEqual([false, true]);
  expect(await waitingMails(test_)).toEqual([]);
  expect((await erasures(id)).map(({ details }) => details)).toEqual(expect.arrayContaining([{}, { again: true }]));
});

test('a copy that is older than the erasure: the journal that was kept apart tells of it', async () => {
  const { id } = await person();
  const erasedAt = new Date('2026-01-02T03:04:05Z');
  expect(await eraseAgain(test_, test_.brand, [{ id, erasedAt }])).toBe(1);
  expect(await isThere(id)).toBe(false);
  expect(await rowsOf('erased_accounts', id)).toMatchObject([{ erased_at: erasedAt }]);
});

test('a journal longer than a page is worked off to its end', async () => {
  const strangers = Array.from({ length: 1_100 }, () => ({ id: newAccountId(test_.brand), erasedAt: new Date() }));
  const people = await Promise.all(Array.from({ length: 3 }, person));
  const journal = [...strangers, ...people.map(({ id }) => ({ id, erasedAt: new Date() }))];
  expect(await eraseAgain(test_, test_.brand, journal)).toBe(3);
}, 60_000);
