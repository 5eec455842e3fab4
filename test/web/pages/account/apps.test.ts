import { enterAccount } from '../../../support/account-pages.ts';
import { clientsOfTest, party, secrets } from '../../../support/clients.ts';
import { postForm } from '../../../support/exchange.ts';
import { newEmail } from '../../../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../../../support/portico.ts';
import { basic, createAccount, obtainTokens, reachCallback, send } from '../../../support/protocol.ts';

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

const page = () => `${portico.issuer}/account/apps`;

async function withPartner() {
  const email = newEmail();
  const id = await createAccount(portico, { email });
  const { tokens, browser } = await obtainTokens(await party(portico.issuer, 'partner'), {
    email,
    parameters: { scope: 'openid email phone' },
  });
  await obtainTokens(await party(portico.issuer, 'shop'), { email, browser });
  return { id, email, tokens, browser };
}

const userinfo = (token: unknown) =>
  send(`${portico.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);

test('nobody else’s app has access at first', async () => {
  const { page: shown } = await enterAccount(portico, { path: '/apps' });
  expect(shown.text).toContain('No other company’s app can use your Nightfall Records account.');
});

test('an app is listed with what it may do; the brand’s own apps are not', async () => {
  const { browser } = await withPartner();
  const shown = await browser.get(page());
  expect(shown.text).toContain('Tour Tickets');
  expect(shown.text).toContain('see your email address');
  expect(shown.text).toContain('see your phone number');
  expect(shown.text).not.toContain('Nightfall Shop');
  expect([...shown.body.matchAll(/<h2>/g)]).toHaveLength(1);
  expect((await browser.get(`${portico.issuer}/account`)).text).toContain('1 app');
});

test('withdrawn access ends the app’s tokens at once, and it has to ask again', async () => {
  const { id, email, browser, tokens } = await withPartner();
  expect(await userinfo(tokens.access_token)).toBe(200);
  const shown = await browser.get(page());
  const after = await browser.submit(shown, shown.form('client'));
  expect([after.url, after.text.includes('That app no longer has access.')]).toEqual([`${page()}?done=access`, true]);
  expect(after.text).toContain('No other company’s app');
  expect(await userinfo(tokens.access_token)).toBe(401);
  const form = { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token) };
  const refreshed = await send(`${portico.issuer}/token`, { form, headers: basic('partner', secrets.partner as string) });
  expect([refreshed.status, refreshed.json.error]).toEqual([400, 'invalid_grant']);
  const begun = await (await party(portico.issuer, 'partner')).begin();
  expect((await browser.get(begun.url)).text).toContain('Let Tour Tickets use your Nightfall Records account?');
  const audited = await portico.db.pool.query(
    "select client_id, details from portico.audit_events where account_id = $1 and event = 'access_withdrawn'",
    [id],
  );
  expect(audited.rows).toEqual([{ client_id: 'partner', details: { grants: 1 } }]);
  expect(email).toContain('@');
});

test('a code the app was about to redeem is withdrawn too', async () => {
  const { browser } = await withPartner();
  const partner = await party(portico.issuer, 'partner');
  const { begun, callback } = await reachCallback(partner, { email: '', browser, parameters: { scope: 'openid email phone' } });
  const shown = await browser.get(page());
  await browser.submit(shown, shown.form('client'));
  await expect(partner.finish(callback, begun)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('what was granted in a session that has ended opens nothing and is not listed', async () => {
  const { browser, id, email } = await withPartner();
  const shown = await browser.get(`${portico.issuer}/account`);
  await browser.submit(shown, shown.form('sign_out'));
  const { page: again } = await enterAccount(portico, { id, email, path: '/apps' });
  expect(again.text).toContain('No other company’s app');
});

test('twenty presses withdraw it once', async () => {
  const { id, browser } = await withPartner();
  const shown = await browser.get(page());
  const { csrf = '' } = shown.form('client').fields;
  const headers = { cookie: browser.cookies.header(new URL(page())), origin: new URL(portico.issuer).origin };
  const answers = await Promise.all(Array.from({ length: 20 }, () => postForm(page(), { csrf, client: 'partner' }, headers)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
  const audited = await portico.db.pool.query("select 1 from portico.audit_events where account_id = $1 and event = 'access_withdrawn'", [
    id,
  ]);
  expect(audited.rowCount).toBe(1);
});
