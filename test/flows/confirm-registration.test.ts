import { identifierDigest, openIdentifierKey } from '../../src/domain/identifiers.ts';
import { knowsDevice } from '../../src/domain/known-devices.ts';
import { beginRegistration, mailRegistrationAgain } from '../../src/flows/begin-registration.ts';
import { confirmRegistration, enterConfirmed } from '../../src/flows/confirm-registration.ts';
import { register } from '../../src/flows/register.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterAll(() => at.close());
beforeEach(async () => {
  await at.db.pool.query('delete from portico.limits');
  await forgetMails(at);
});

const password = 'correct horse battery staple';
const source = { ip: '203.0.113.9', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/150.0', clientId: 'shop', locale: 'de' };
const asked = { source, confirmPath: '/interaction/abc/confirm-email' };
let count = 0;

async function begun(email = `newcomer-${count++}@example.com`) {
  const { handle } = await beginRegistration(at, at.brand, { email, password, claims: { given_name: 'Ada' }, ...asked });
  const { params } = await mailTo(at, email, 'confirm_registration');
  return { email, handle, digits: params.digits, token: new URL(params.link).searchParams.get('token') as string, link: params.link };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    ({ code }: { code: string }) => code,
  );
const rows = async (text: string) => (await at.db.pool.query(text)).rows;

test('the mail has the digits, a link at the issuer, where it was begun and the language', async () => {
  const { email, link } = await begun();
  expect(link.startsWith(`${at.brand.issuer}/interaction/abc/confirm-email?token=`)).toBe(true);
  expect(await mailTo(at, email, 'confirm_registration')).toMatchObject({
    locale: 'de',
    seconds: 86_400,
    params: { digits: expect.stringMatching(/^\d{6}$/), seen: { device: 'Chrome/Windows', network: '203.0.113.0/24' } },
  });
});

test('neither address nor password stands readable in what waits', async () => {
  const { email } = await begun('canary.person@example.com');
  const waiting = await rows(
    'select t::text as line from portico.one_time_codes t union all select t::text from graphile_worker._private_jobs t',
  );
  for (const { line } of waiting) expect(line).not.toMatch(/canary|argon2|horse/);
  expect(await rows('select t::text from portico.audit_events t')).not.toContain(email);
});

test('a proof makes the account with its claims and a verified address, and the trail tells of it', async () => {
  const { email, handle, digits } = await begun();
  const { account, deviceCookie } = await confirmRegistration(at, at.brand, { shown: { handle, typed: digits }, source });
  expect(account).toMatchObject({ email, emailVerified: true, claims: { given_name: 'Ada' } });
  const digest = identifierDigest(openIdentifierKey(at.keyring, at.brand), 'email', email);
  expect(knowsDevice(at.keyring.key('devices'), deviceCookie, digest)).toBeDefined();
  const told = await rows(`select event, client_id from portico.audit_events where account_id = '${account.id}' order by event`);
  expect(told).toEqual([
    { event: 'account_registered', client_id: 'shop' },
    { event: 'email_verified', client_id: 'shop' },
  ]);
  expect(await rows("select distinct account_id from portico.audit_events where event = 'registration_requested'")).toEqual([
    { account_id: null },
  ]);
});

test('of twenty proofs at once, by code and by link, in two processes, one makes the account and the others hear that it was used', async () => {
  const { email, handle, digits, token } = await begun();
  const other = openDatabase({ url: at.database.url, max: 10 });
  try {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const doors = index % 2 ? at : { ...at, db: other };
        const shown = index % 4 < 2 ? { handle, typed: digits } : { token };
        return codeOf(confirmRegistration(doors, at.brand, { shown, source }));
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'code_used')).toHaveLength(19);
  } finally {
    await other.close();
  }
  expect(await rows(`select id from portico.accounts where email = '${email}'`)).toHaveLength(1);
});

test('twenty registrations of one address, all proved at once, make one account; the others are told that it is taken', async () => {
  const email = 'crowd@example.com';
  const tokens: { token: string }[] = [];
  for (let index = 0; index < 20; index += 1) {
    await at.db.pool.query('delete from portico.limits');
    await forgetMails(at);
    tokens.push({ token: (await begun(email)).token });
  }
  const outcomes = await Promise.all(tokens.map((shown) => codeOf(confirmRegistration(at, at.brand, { shown, source }))));
  expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'email_taken')).toHaveLength(19);
});

test('twenty wrong codes at once spend five tries and no more; the right one is dead then and the link is not', async () => {
  const { handle, digits, token } = await begun();
  const typed = digits === '123456' ? '123457' : '123456';
  const wrong = () => codeOf(confirmRegistration(at, at.brand, { shown: { handle, typed }, source }));
  const outcomes = await Promise.all(Array.from({ length: 20 }, wrong));
  expect(outcomes.filter((outcome) => outcome !== 'code_wrong' && outcome !== 'code_tries')).toEqual([]);
  expect(await rows('select max(tries)::int as tries from portico.one_time_codes')).toEqual([{ tries: 5 }]);
  expect(await codeOf(confirmRegistration(at, at.brand, { shown: { handle, typed: digits }, source }))).toBe('code_tries');
  expect(await codeOf(confirmRegistration(at, at.brand, { shown: { token }, source }))).toBe('done');
});

test('what is no code costs neither a statement nor a try', async () => {
  const { handle } = await begun();
  for (const typed of ['', '   ', 'abcdef', '12345', '1234567', '1'.repeat(1_000_000)])
    expect(await at.cost(() => confirmRegistration(at, at.brand, { shown: { handle, typed }, source }))).toEqual({
      statements: [],
      hashes: 0,
    });
});

test('a code opens its own purpose and its own brand alone', async () => {
  const { handle, digits, token } = await begun();
  const elsewhere = { ...at.brand, id: at.brand.id + 1 };
  for (const shown of [{ token }, { handle, typed: digits }])
    expect(await codeOf(confirmRegistration(at, elsewhere, { shown, source }))).toBe('code_expired');
  await at.db.pool.query("update portico.one_time_codes set purpose = 'reset_password' where consumed_at is null");
  for (const shown of [{ token }, { handle, typed: digits }])
    expect(await codeOf(confirmRegistration(at, at.brand, { shown, source }))).toBe('code_expired');
  await at.db.pool.query('delete from portico.one_time_codes');
});

test('several mails of one registration make one account, whichever come first', async () => {
  const one = await begun();
  const two = await mailRegistrationAgain(at, at.brand, { handle: one.handle, ...asked });
  const { params } = await mailTo(at, one.email, 'confirm_registration');
  expect(two.handle).not.toBe(one.handle);
  const proofs = [{ token: one.token }, { handle: two.handle, typed: params.digits }];
  const made = await Promise.all(proofs.map((shown) => confirmRegistration(at, at.brand, { shown, source })));
  expect(made[0]?.account.id).toBe(made[1]?.account.id);
  expect((await enterConfirmed(at, at.brand, two)).account.id).toBe(made[0]?.account.id);
});

test('to register the same address anew ends the codes of the same browser', async () => {
  const one = await begun();
  await at.db.pool.query("update portico.one_time_codes set created_at = created_at - interval '31 seconds'");
  const input = { email: one.email, password: 'another battery staple', pending: one.handle, ...asked };
  const two = await beginRegistration(at, at.brand, input);
  expect(two.handle).not.toBe(one.handle);
  expect(await codeOf(confirmRegistration(at, at.brand, { shown: { token: one.token }, source }))).toBe('code_expired');
});

test('the mail about an account goes to the address that the account has', async () => {
  await register(at, at.brand, { email: 'Known@example.com', password, byOperator: true });
  await beginRegistration(at, at.brand, { email: 'kNOWN@example.com', password, ...asked });
  expect((await waitingMails(at)).map(({ name, to }) => [name, to])).toEqual([['account_exists', 'Known@example.com']]);
});

test('where registration was closed meanwhile nothing is made', async () => {
  const { token } = await begun();
  const closed = at.with({ registration: false });
  expect(await codeOf(confirmRegistration(at, closed, { shown: { token }, source }))).toBe('registration_closed');
  expect(await codeOf(beginRegistration(at, closed, { email: 'late@example.com', password, ...asked }))).toBe('registration_closed');
});

test('a browser is not let in before its mail was read', async () => {
  const { handle } = await begun();
  expect(await codeOf(enterConfirmed(at, at.brand, { handle }))).toBe('email_unconfirmed');
  expect(await codeOf(enterConfirmed(at, at.brand, { handle: 'A'.repeat(22) }))).toBe('code_expired');
  expect(await codeOf(enterConfirmed(at, at.brand, { handle: 'x' }))).toBe('code_expired');
});

test('twenty mails asked for at once: three go out', async () => {
  const { handle, email } = await begun();
  await forgetMails(at);
  await at.db.pool.query('delete from portico.limits');
  await Promise.all(Array.from({ length: 20 }, () => mailRegistrationAgain(at, at.brand, { handle, ...asked })));
  const sent = (await waitingMails(at)).map(({ to }) => to);
  expect([sent.length, sent.filter((to) => to === email).length]).toEqual([20, 3]);
});

test('twenty people who join with one address at once each get a code of their own kind, and three mails go out', async () => {
  const email = 'rush@example.com';
  const all = await Promise.all(Array.from({ length: 20 }, () => beginRegistration(at, at.brand, { email, password, ...asked })));
  expect(new Set(all.map(({ handle }) => handle)).size).toBe(20);
  expect((await waitingMails(at)).filter(({ to }) => to === email)).toHaveLength(3);
  expect(await rows(`select id from portico.accounts where email = '${email}'`)).toEqual([]);
});

test('a code that was not mailed, for the limit or since there is an account, opens nothing', async () => {
  await register(at, at.brand, { email: 'owner@example.com', password, byOperator: true });
  const handles: string[] = [];
  for (const email of ['owner@example.com', ...Array(4).fill('limited@example.com')])
    handles.push((await beginRegistration(at, at.brand, { email, password, ...asked })).handle);
  const mails = await waitingMails(at);
  expect(mails.map(({ to }) => to)).toEqual(['owner@example.com', ...Array(3).fill('limited@example.com'), null]);
  const { digits, link } = mails.at(-1)!.params as { digits: string; link: string };
  const token = new URL(link).searchParams.get('token') as string;
  for (const shown of [{ token }, { handle: handles.at(-1) as string, typed: digits }])
    expect(await codeOf(confirmRegistration(at, at.brand, { shown, source }))).toBe('code_wrong');
});
