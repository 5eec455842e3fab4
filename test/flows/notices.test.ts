// An owner is told when somebody signs in from a browser the account does not know, and is not buried by it.
import { defaultSettings } from '../../src/domain/brands.ts';
import { changePassword } from '../../src/flows/change-password.ts';
import { requestDeletion } from '../../src/flows/delete-account.ts';
import { keepAccount } from '../../src/flows/keep-account.ts';
import { login } from '../../src/flows/login.ts';
import { register } from '../../src/flows/register.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, waitingMails } from '../support/mails.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
beforeEach(() => forgetMails(at));
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

const password = 'correct horse battery staple';
const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';
const source = { ip: '203.0.113.77', userAgent, clientId: 'shop', locale: 'de' };

const signIn = (email: string, deviceCookie?: string, brand = at.brand) => login(at, brand, { email, password, source, deviceCookie });

/** Has signed in before, with the browser that is returned. */
async function regular(email: string): Promise<{ id: string; deviceCookie: string }> {
  const { account, deviceCookie } = await register(at, at.brand, { email, password, byOperator: true });
  await shiftClock(at.database, 3_600);
  const first = await signIn(email, deviceCookie);
  await forgetMails(at);
  return { id: account.id, deviceCookie: first.deviceCookie };
}

const notices = async () => (await waitingMails(at)).filter(({ name }) => name === 'new_device');

test('a browser that is known tells nobody anything', async () => {
  const { deviceCookie } = await regular('known@example.com');
  await signIn('known@example.com', deviceCookie);
  expect(await notices()).toEqual([]);
});

test('a new browser is told with its device, its network, the moment and a way out', async () => {
  const { id } = await regular('Owner@example.com');
  const { account, deviceCookie } = await signIn('owner@example.com');
  const [mail, ...more] = await notices();
  expect(more).toEqual([]);
  expect(mail).toMatchObject({
    to: 'Owner@example.com',
    locale: 'de',
    seconds: 7 * 86_400,
    params: { seen: { device: 'Safari/Mac', network: '203.0.113.0/24' }, when: account.lastLoginAt.toISOString() },
  });
  expect(mail?.params).toHaveProperty('link', expect.stringMatching(/^https:\/\/demo\.example\/secure-account\?token=[\w-]{44}$/));
  const { rows } = await at.db.pool.query('select purpose, account_id, code from portico.one_time_codes');
  expect(rows).toEqual([{ purpose: 'secure_account', account_id: id, code: null }]);
  await signIn('owner@example.com', deviceCookie);
  expect(await notices()).toHaveLength(1);
});

test('a browser that only another account knows is new', async () => {
  await regular('one@example.com');
  const { deviceCookie } = await regular('other@example.com');
  await signIn('one@example.com', deviceCookie);
  expect((await notices()).map(({ to }) => to)).toEqual(['one@example.com']);
});

test('the first sign-in of an account is no news', async () => {
  await register(at, at.brand, { email: 'first@example.com', password, byOperator: true });
  await shiftClock(at.database, 3_600);
  await signIn('first@example.com');
  expect(await notices()).toEqual([]);
  await signIn('first@example.com');
  expect(await notices()).toHaveLength(1);
});

test('who registered by themselves hears of the first sign-in from another browser', async () => {
  const { deviceCookie } = await register(at, at.brand, { email: 'joined@example.com', password, source });
  await signIn('joined@example.com', deviceCookie);
  expect(await notices()).toEqual([]);
  await signIn('joined@example.com');
  expect((await notices()).map(({ to }) => to)).toEqual(['joined@example.com']);
});

test('a wrong password and an unknown address send nothing', async () => {
  await regular('wrong@example.com');
  const attempts = ['wrong@example.com', 'unknown@example.com'].map((email) =>
    login(at, at.brand, { email, password: 'not this horse', source }).catch(({ code }) => code),
  );
  expect(await Promise.all(attempts)).toEqual(['wrong_credentials', 'wrong_credentials']);
  expect(await waitingMails(at)).toEqual([]);
});

test('an account without an address is signed in and told nothing', async () => {
  const { id } = await regular('gone@example.com');
  await at.db.pool.query('update portico.accounts set email = null where id = $1', [id]);
  await signIn('gone@example.com');
  expect(await waitingMails(at)).toEqual([]);
});

test('20 sign-ins at once from new browsers send three mails within an hour, and all of them sign in', async () => {
  const { id } = await regular('buried@example.com');
  await regular('neighbour@example.com');
  // Twenty right passwords at once look like an attack until the first has been checked.
  const generous = at.with({ limits: { ...defaultSettings.limits, loginPerIdentifier: { attempts: 100, seconds: 900 } } });
  await Promise.all(Array.from({ length: 20 }, () => signIn('buried@example.com', undefined, generous)));
  expect(await notices()).toHaveLength(3);
  const { rows } = await at.db.pool.query(
    "select count(*)::int as count from portico.audit_events where account_id = $1 and event = 'login_succeeded'",
    [id],
  );
  expect(rows).toEqual([{ count: 21 }]);
  await signIn('neighbour@example.com');
  expect(await notices()).toHaveLength(4);
  await shiftClock(at.database, 3_601);
  await signIn('buried@example.com');
  expect(await notices()).toHaveLength(5);
});

test('a notice costs three statements more, and one once the hour is full', async () => {
  const { deviceCookie } = await regular('cost@example.com');
  const cost = async (cookie?: string) => (await at.cost(() => signIn('cost@example.com', cookie))).statements.length;
  expect([await cost(deviceCookie), await cost(), await cost(), await cost(), await cost()]).toEqual([8, 11, 11, 11, 9]);
});

test('an address that nobody has proved gets three mails of a kind an hour, a proved one gets them all', async () => {
  for (const [email, emailVerified, told] of [
    ['stranger@example.com', false, 3],
    ['proved@example.com', true, 6],
  ] as const) {
    const { account } = await register(at, at.brand, { email, password, emailVerified, byOperator: true });
    const words = [password, 'tremolo cassette forty-seven'];
    for (let turn = 0; turn < 6; turn += 1) {
      const [from = '', to = ''] = turn % 2 === 0 ? words : words.toReversed();
      await changePassword(at, at.brand, { accountId: account.id, sessionUid: 'x', password: from, newPassword: to, source });
      await requestDeletion(at, at.brand, { accountId: account.id, source });
      await keepAccount(at, at.brand, { accountId: account.id, source });
    }
    const sent = (await waitingMails(at)).filter((mail) => mail.to === email).map(({ name }) => name);
    for (const each of ['password_changed', 'deletion_requested']) expect(sent.filter((name) => name === each)).toHaveLength(told);
  }
});
