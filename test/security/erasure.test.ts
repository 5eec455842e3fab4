// Erased is erased: nothing of the person is in the database, nothing of theirs opens a door, and no request on its way brings it back.
import type { Brand } from '../../src/domain/brands.ts';
import { Refusal } from '../../src/errors.ts';
import { verifyAudit } from '../../src/flows/admin/verify-audit.ts';
import { answerConsents } from '../../src/flows/answer-consents.ts';
import { confirmConsent } from '../../src/flows/confirm-consent.ts';
import { requestDeletion } from '../../src/flows/delete-account.ts';
import { eraseAccount } from '../../src/flows/erase-account.ts';
import { exportAccount } from '../../src/flows/export-account.ts';
import { forgotPassword } from '../../src/flows/forgot-password.ts';
import { keepAccount } from '../../src/flows/keep-account.ts';
import { answerProfile } from '../../src/flows/update-profile.ts';
import { sealAudit } from '../../src/jobs/seal-audit.ts';
import { often, sweepAll } from '../../src/jobs/sweep.ts';
import * as accountRemains from '../../src/storage/account-remains.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { dump } from '../support/fingerprint.ts';
import { Browser } from '../support/http-browser.ts';
import { mailTo } from '../support/mails.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens, password, reachCallback, send } from '../support/protocol.ts';
import { letters, news, question } from '../support/questions.ts';

let portico: RunningPortico;
let brand: Brand;

beforeAll(async () => {
  const heard = { backchannel_logout_uri: 'http://localhost:1/logout', backchannel_logout_session_required: true };
  const clients = clientsOfTest.map((one) =>
    one.metadata.client_id === 'radio' ? { ...one, metadata: { ...one.metadata, ...heard } } : one,
  );
  // Asked on pages of their own alone: nobody is stopped on the way to an app.
  const asks = { consents: [news, letters], fields: [question('club', { ask: 'account' })] };
  portico = await startPortico({ brands: [{ ...demoBrand, clients, ...asks }] });
  brand = (await brands.findBySlug(portico.db, 'nightfall')) as Brand;
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const canaries = {
  email: 'Canary.Person@nightfall.example',
  name: 'Wilhelmina Featherstonehaugh',
  phone: '+442079460958',
  street: '17 Kingfisher Passage',
  upstream: 'canary-subject-elsewhere',
  device: 'Opera/ChromeOS',
  network: '198.51.100.0/24',
  answer: 'Friends of the Featherless Biped',
  agreedBy: 'CanaryBrowser/77.1',
  agreedAt: '192.0.2.0/24',
  confirmedBy: 'CanaryMailer/3.2',
  confirmedAt: '2001:db8:77::/48',
};
const source = { ip: '198.51.100.23', userAgent: 'Mozilla/5.0 (X11; CrOS x86_64) Chrome/150.0 OPR/130.0', clientId: 'shop', locale: 'en' };
const claims = { name: canaries.name, phone_number: canaries.phone, address: { street_address: canaries.street } };

/** bytea is written in hexadecimal; addresses are compared in lower case. */
function found(lines: string[]): string[] {
  const text = lines.join('\n').toLowerCase();
  const spelled = (value: string) => [value, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64').slice(0, -4)];
  return Object.entries(canaries)
    .filter(([, value]) => spelled(value).some((spelling) => text.includes(spelling.toLowerCase())))
    .map(([what]) => what);
}

/** Where something was agreed to, and where the link of a mail was pressed: both stand in the ledger as the browser said it. */
const agreeing = { ...source, ip: '192.0.2.66', userAgent: `Mozilla/5.0 (X11) ${canaries.agreedBy}` };
const confirming = { ip: '2001:db8:77::5', userAgent: `Mozilla/5.0 (Macintosh) ${canaries.confirmedBy}`, locale: 'en' };

async function agree(accountId: string, ...documents: string[]): Promise<void> {
  const given = Object.fromEntries(documents.map((name) => [name, { version: '1', accepted: true }]));
  await answerConsents(portico.services, brand, { accountId, given, channel: 'page', source: agreeing, at: 'choice' });
}

async function mailedToken(email: string): Promise<string> {
  const { link } = (await mailTo(portico.services, email, 'confirm_consent')).params;
  return new URL(link).searchParams.get('token') as string;
}

const say = (accountId: string) =>
  answerProfile(portico.services, brand, { accountId, given: { club: canaries.answer }, source: agreeing, by: 'person' });

/** Agrees to one thing at once and to another by mail, and answers a question. */
async function answer(accountId: string, email: string): Promise<void> {
  await agree(accountId, 'news', 'letters');
  await confirmConsent(portico.services, brand, { token: await mailedToken(email), source: confirming });
  await say(accountId);
}

/** A life: signed in at two apps, agreed and answered, forgot a password, asked for data, wanted to leave and stayed. */
async function live(): Promise<string> {
  const accountId = await createAccount(portico, { email: canaries.email, claims });
  await portico.db.pool.query(
    `insert into portico.federated_identities (brand_id, slice, account_id, issuer, subject, provider_name)
     select brand_id, slice, id, 'https://elsewhere.example', $2, 'Elsewhere' from portico.accounts where id = $1`,
    [accountId, canaries.upstream],
  );
  for (const id of ['shop', 'radio'] as const)
    await obtainTokens(await party(portico.issuer, id), { email: canaries.email, parameters: { login_hint: canaries.email } });
  await portico.db.pool.query('update portico.oidc_sessions set device = $1, network = $2', [canaries.device, canaries.network]);
  await answer(accountId, canaries.email);
  await forgotPassword(portico.services, brand, { email: canaries.email, source });
  await exportAccount(portico.services, brand, { accountId, source });
  await requestDeletion(portico.services, brand, { accountId, source });
  await keepAccount(portico.services, brand, { accountId, source });
  await obtainTokens(await party(portico.issuer, 'radio'), { email: canaries.email });
  await portico.db.pool.query('update portico.oidc_sessions set device = $1, network = $2', [canaries.device, canaries.network]);
  return accountId;
}

test('a dump of every table has nothing of the person any more, and the audit chain still holds', async () => {
  const accountId = await live();
  await sealAudit(portico.services);
  expect(found(await dump(portico)).sort()).toEqual(Object.keys(canaries).sort());
  const before = await verifyAudit(portico.services, brand);
  expect(before).toMatchObject({ faults: [] });
  expect(before.events).toBeGreaterThan(5);

  await eraseAccount(portico.services, brand, accountId);
  expect(found(await dump(portico))).toEqual([]);
  expect(await rowsLeft(accountId)).toEqual({});
  await sealAudit(portico.services);
  const after = await verifyAudit(portico.services, brand, before.heads);
  expect(after).toMatchObject({ faults: [], events: before.events + 1 });
  // The app it was signed in at hears of it, by the account's number.
  const told = (await dump(portico)).filter((line) => line.startsWith('graphile_worker.') && line.includes('radio'));
  expect(told.some((line) => line.includes(accountId))).toBe(true);
});

test('a download has every answer, and of everything agreed to when, where and in which browser', async () => {
  const email = 'Robin@nightfall.example';
  const accountId = await createAccount(portico, { email });
  await answer(accountId, email);
  const { answers, consents } = await exportAccount(portico.services, brand, { accountId, source });
  expect(answers).toMatchObject({ club: { value: canaries.answer, by: 'person' } });
  expect(consents.lines).toMatchObject([
    { document: 'news', answer: 'accepted', app: 'shop', network: canaries.agreedAt, user_agent: agreeing.userAgent, asked_at: null },
    { document: 'letters', answer: 'accepted', network: canaries.confirmedAt, user_agent: confirming.userAgent },
  ]);
  expect(consents.lines[1]?.asked_at).toMatch(/^\d{4}-/);
  expect(Object.keys(consents.current.current)).toEqual(['news', 'letters']);
  await eraseAccount(portico.services, brand, accountId);
});

test('no cookie, token, code, link or password of the account opens anything in the next request', async () => {
  const email = 'Cass@nightfall.example';
  const accountId = await createAccount(portico, { email });
  const shop = await party(portico.issuer, 'shop');
  const { tokens, browser } = await obtainTokens(shop, { email, remember: true });
  const unspent = await reachCallback(shop, { email, browser });
  const account = await browser.get(`${portico.issuer}/account`);
  expect(account.url).toBe(`${portico.issuer}/account`);
  await forgotPassword(portico.services, brand, { email, source });
  const { params } = await mailTo(portico.services, email, 'reset_password');
  await agree(accountId, 'letters');
  const mailing = await mailTo(portico.services, email, 'confirm_consent');
  const agreements = await browser.get(`${portico.issuer}/account/consents`);
  await eraseAccount(portico.services, brand, accountId);

  await expect(shop.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(shop.finish(unspent.callback, unspent.begun)).rejects.toMatchObject({ error: 'invalid_grant' });
  const userinfo = await send(`${portico.issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  expect(userinfo.status).toBe(401);
  expect(await shop.introspect(tokens.access_token)).toEqual({ active: false });
  const asked = await browser.get((await shop.begin()).url);
  expect(asked.form('login')).toBeDefined();
  expect(new URL((await browser.get((await shop.begin({ prompt: 'none' })).url)).url).searchParams.get('error')).toBe('login_required');
  expect((await browser.get(`${portico.issuer}/account`)).form('login')).toBeDefined();
  expect((await browser.submit(account, account.form('sign_out'))).form('login')).toBeDefined();
  expect((await browser.submit(asked, asked.form('login'), { email, password })).status).toBe(422);
  for (const { link } of [params, mailing.params]) expect((await new Browser(portico.issuer).get(link)).status).toBe(410);
  expect((await browser.submit(agreements, agreements.form('accept'))).form('login')).toBeDefined();
  expect(await rowsLeft(accountId)).toEqual({});
});

async function rowsLeft(accountId: string): Promise<Record<string, number>> {
  const access = ['oidc_sessions', 'oidc_grants', 'oidc_tokens', 'one_time_codes'];
  const tables = [...access, 'identifiers', 'passwords', 'federated_identities', 'consents'];
  const counts = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await portico.db.pool.query(`select count(*)::int as count from portico.${table} where account_id = $1`, [
        accountId,
      ]);
      return [table, rows[0].count] as const;
    }),
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

const ROUNDS = process.env.PORTICO_TEST_LONG ? 60 : 20;

test(`erased while people sign in, refresh, exchange, register, agree, answer and forget: ${ROUNDS} rounds leave nothing alive`, async () => {
  const shop = await party(portico.issuer, 'shop');
  for (let round = 0; round < ROUNDS; round += 1) {
    const email = `race${round}@nightfall.example`;
    const accountId = await createAccount(portico, { email });
    const { tokens, browser } = await obtainTokens(shop, { email, remember: true });
    const unspent = await reachCallback(shop, { email, browser });
    const newcomer = new Browser(portico.issuer);
    const [begun, other] = [await shop.begin(), new Browser(portico.issuer)];
    const [page, form] = [await newcomer.get(begun.url), await other.get((await shop.begin()).url)];
    await agree(accountId, 'letters');
    const token = await mailedToken(email);
    const refused = (error: unknown) => (error instanceof Refusal ? undefined : Promise.reject(error));
    const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

    const [refreshed, finished, signedIn, registered] = await Promise.all([
      shop.refresh(tokens.refresh_token as string).catch(() => undefined),
      shop.finish(unspent.callback, unspent.begun).catch(() => undefined),
      newcomer.submit(page, page.form('login'), { email, password, remember: 'yes' }),
      other.submit(form, form.form('register'), { email, password }),
      forgotPassword(portico.services, brand, { email, source }),
      requestDeletion(portico.services, brand, { accountId, source }).catch(() => undefined),
      agree(accountId, 'news').catch(refused),
      confirmConsent(portico.services, brand, { token, source: confirming }).catch(refused),
      say(accountId).catch(refused),
      pause(round * 2).then(() => eraseAccount(portico.services, brand, accountId)),
    ]);
    expect([signedIn.status, registered.status].every((status) => status < 500)).toBe(true);
    const late = signedIn.status === 0 ? await shop.finish(signedIn.url, begun).catch(() => undefined) : undefined;
    for (const given of [tokens, refreshed, finished, late]) {
      if (!given || given.claims()?.sub !== accountId) continue;
      const { status } = await send(`${portico.issuer}/userinfo`, { headers: { authorization: `Bearer ${given.access_token}` } });
      expect([round, status]).toEqual([round, 401]);
      if (given.refresh_token) await expect(shop.refresh(given.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    }
    await accountRemains.removeLate(portico.db);
    expect([round, await rowsLeft(accountId)]).toEqual([round, {}]);
    const { rows } = await portico.db.pool.query('select id from portico.accounts where id = $1', [accountId]);
    expect(rows).toEqual([]);
  }
  expect(portico.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
}, 120_000);

test('what was never confirmed is gone after a day', async () => {
  await portico.db.pool.query(
    `insert into portico.one_time_codes (brand_id, slice, id, purpose, account_id, secret, sealed, expires_at)
     values ($1, 0, 'waiting', 'register', gen_random_uuid(), 'secret', 'sealed', portico.now() + interval '1 day')`,
    [brand.id],
  );
  const waiting = async () => (await portico.db.pool.query(`select 1 from portico.one_time_codes where id = 'waiting'`)).rows.length;
  await sweepAll(portico.services, often);
  expect(await waiting()).toBe(1);
  await shiftClock(portico.database, 86_401);
  await sweepAll(portico.services, often);
  expect(await waiting()).toBe(0);
});
