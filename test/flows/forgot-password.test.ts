// Asking for a new password tells nobody but the mailbox whether there is an account.
import { forgotPassword, issueResetLink } from '../../src/flows/forgot-password.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { sql } from '../../src/storage/database.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, waitingMails } from '../support/mails.ts';
import { codeOf, eventsOf, newAccount, newPassword, resetMail, source } from './recovery.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(async () => {
  await resetClock(at.database);
  await forgetMails(at);
});
afterAll(() => at.close());

const ask = (email: string, more: Partial<Parameters<typeof forgotPassword>[2]> = {}) =>
  forgotPassword(at, at.brand, { email, source: source(), ...more });
const reset = (token: string) => resetPassword(at, at.brand, { shown: { token }, password: newPassword, source: source() });

async function federated(email: string): Promise<string> {
  const id = await newAccount(at, email);
  await at.db.run(sql`delete from portico.passwords where account_id = ${id}::uuid`);
  for (const [issuer, name] of [
    ['https://accounts.google.example', 'Google'],
    ['https://appleid.apple.example', 'Apple'],
  ]) {
    await at.db.run(sql`
      insert into portico.federated_identities (brand_id, slice, account_id, issuer, subject, provider_name)
      select brand_id, slice, id, ${issuer}, 'subject', ${name} from portico.accounts where id = ${id}::uuid`);
  }
  return id;
}

test('the mail goes to the stored address, with a code, a link under the issuer, and where it was asked from', async () => {
  await newAccount(at, 'Anna@example.com');
  await ask(' ANNA@EXAMPLE.com', { under: '/interaction/abc' });
  const mail = await resetMail(at, 'Anna@example.com');
  expect(mail.digits).toMatch(/^\d{6}$/);
  expect(mail.link).toMatch(/^https:\/\/demo\.example\/interaction\/abc\/reset-password\?token=[\w-]{44}$/);
  expect(mail).toMatchObject({ locale: 'en', seconds: 3600 });
  expect((await waitingMails(at)).at(-1)?.params).toMatchObject({ seen: { device: 'Chrome/Windows' } });
});

test('known, unknown, disabled, without a password and over the limit: the same statements, no hash, one job and a handle of the same shape', async () => {
  await newAccount(at, 'known@example.com');
  await accounts.disable(at.db, at.brand.id, await newAccount(at, 'disabled@example.com'));
  await federated('federated@example.com');
  await newAccount(at, 'flooded@example.com');
  for (let mails = 0; mails < 3; mails += 1) await ask('flooded@example.com');
  for (let mails = 0; mails < 3; mails += 1) await ask('flooded-nobody@example.com');
  await forgetMails(at);
  await ask('known@example.com');
  const expected = await at.cost(() => ask('known@example.com'));
  expect(expected.hashes).toBe(0);
  for (const who of ['nobody', 'disabled', 'federated', 'flooded', 'flooded-nobody']) {
    expect(await at.cost(() => ask(`${who}@example.com`))).toEqual(expected);
    expect((await ask(`${who}@example.com`)).handle).toMatch(/^[\w-]{22}$/);
  }
  const mails = await waitingMails(at);
  expect(mails).toHaveLength(12);
  expect(new Set(mails.map(({ to }) => to))).toEqual(new Set([null, 'known@example.com', 'federated@example.com']));
});

test('an account that signs in through identity providers is told their names, and gets no code', async () => {
  await federated('social@example.com');
  await ask('social@example.com');
  const [mail] = await waitingMails(at);
  expect(mail).toMatchObject({ name: 'no_password', to: 'social@example.com' });
  expect(mail?.params).toMatchObject({ providers: ['Google', 'Apple'], link: 'https://demo.example/account' });
  expect(JSON.stringify(mail)).not.toContain('token');
});

test('an account without a password and without an identity provider may set its first one', async () => {
  const id = await newAccount(at, 'bare@example.com');
  await at.db.run(sql`delete from portico.passwords where account_id = ${id}::uuid`);
  await ask('bare@example.com');
  await reset((await resetMail(at, 'bare@example.com')).token);
});

test('a newer mail ends the older ones, for nobody as for somebody', async () => {
  await newAccount(at, 'twice@example.com');
  const alive = () =>
    at.db.row<{ rows: number }>(sql`
    select count(*)::int as rows from portico.one_time_codes where expires_at > portico.now() and purpose = 'reset_password'`);
  for (const email of ['twice@example.com', 'twice-nobody@example.com']) {
    const before = (await alive())?.rows ?? 0;
    await ask(email);
    await ask(email);
    expect((await alive())?.rows).toBe(before + 1);
  }
  const links = (await waitingMails(at)).flatMap((mail) => (mail.name === 'reset_password' && mail.to ? [mail.params.link] : []));
  const [older, newer] = links.map((link) => new URL(link).searchParams.get('token') ?? '');
  expect(await codeOf(reset(older ?? ''))).toBe('code_wrong');
  expect(await codeOf(reset(newer ?? ''))).toBe('done');
});

test('past the limit nothing is sent, the older code stays good, and this browser still waits for it', async () => {
  await newAccount(at, 'limit@example.com');
  let handle: string | undefined;
  for (let mails = 0; mails < 6; mails += 1) handle = (await ask('limit@example.com', { handle })).handle;
  const sent = (await waitingMails(at)).filter(({ to }) => to !== null);
  expect(sent).toHaveLength(3);
  const { digits } = await resetMail(at, 'limit@example.com');
  const shown = { handle: handle ?? '', typed: digits };
  expect(await codeOf(resetPassword(at, at.brand, { shown, password: newPassword, source: source() }))).toBe('done');
  await shiftClock(at.database, 3601);
  await ask('limit@example.com');
  expect((await waitingMails(at)).filter(({ name, to }) => name === 'reset_password' && to)).toHaveLength(4);
});

test('of 20 who ask for one address at once three mails come of it, and one network sends no more than sixty', async () => {
  await newAccount(at, 'bombed@example.com');
  await Promise.all(Array.from({ length: 20 }, () => ask('bombed@example.com')));
  expect((await waitingMails(at)).filter(({ to }) => to)).toHaveLength(3);
  const from = source();
  for (let index = 0; index < 65; index += 1) await newAccount(at, `spray${index}@example.com`);
  await forgetMails(at);
  await Promise.all(Array.from({ length: 65 }, (_, index) => ask(`spray${index}@example.com`, { source: from })));
  expect((await waitingMails(at)).filter(({ to }) => to)).toHaveLength(60);
});

test('a network that goes on far past its limit is told so and writes nothing more, whoever it asks for', async () => {
  const from = source();
  await newAccount(at, 'drowned@example.com');
  for (let index = 0; index < 240; index += 1) await ask(`flood${index}@example.com`, { source: from });
  const { statements } = await at.cost(async () => {
    for (const email of ['drowned@example.com', 'nobody@example.com'])
      expect(await codeOf(ask(email, { source: from }))).toBe('too_many_attempts');
  });
  expect(statements.filter((text) => /insert into portico\.(one_time_codes|audit_events)|add_job/.test(text))).toEqual([]);
  expect(await codeOf(ask('drowned@example.com'))).toBe('done');
});

test('a slip of the pen is named before anything is written', async () => {
  for (const [email, code] of [
    ['', 'email_required'],
    ['anna', 'email_invalid'],
    ['anna@example.com\r\nBcc: all@example.com', 'email_invalid'],
    ['"Anna" <anna@example.com>', 'email_invalid'],
  ] as const) {
    expect(await codeOf(ask(email))).toBe(code);
    expect(await at.cost(() => ask(email))).toEqual({ statements: [], hashes: 0 });
  }
});

const registered = ['https://app.example/?u=edit-password', 'https://app.example/reset', 'http://localhost:8080/reset'];

test("a client's own page keeps its query and gets email, token and brand", async () => {
  await newAccount(at, 'custom+plus@example.com');
  await ask('CUSTOM+plus@example.com', { registered, resetUrl: registered[0], under: '/interaction/abc' });
  const { link } = await resetMail(at, 'custom+plus@example.com');
  expect(link.startsWith('https://app.example/?u=edit-password&')).toBe(true);
  const { u, email, resetPasswordToken, publisherId } = Object.fromEntries(new URL(link).searchParams);
  expect({ u, email, publisherId }).toEqual({ u: 'edit-password', email: 'custom+plus@example.com', publisherId: String(at.brand.id) });
  expect(await codeOf(reset(resetPasswordToken ?? ''))).toBe('done');
});

/** What looks like the registered page and is another. */
function mutations(url: string): string[] {
  const { origin, host, protocol } = new URL(url);
  const rest = url.slice(origin.length);
  const inserted = ['/', '//', '%2e', '.', ' ', '\t', '#', '?', '&', '@', '\\', '%00', ';', '*', '%2f', 'x'];
  return [
    ...inserted.flatMap((text) => [url + text, text + url, origin + text + rest]),
    ...[`${protocol}//${host}.evil.example${rest}`, `${protocol}//evil.example${rest}`, `${protocol}//${host}@evil.example${rest}`],
    ...[`${protocol}//evil.example/${url}`, `${protocol}//www.${host}${rest}`, `${protocol}//${host}:444${rest}`, `ftp://${host}${rest}`],
    ...[url.toUpperCase(), `${url}&email=x`, `${url}?next=//evil.example`, `javascript:alert(1)//${url}`, `data:text/html,${url}`, ''],
    ...[url.slice(0, -1), url.slice(1), encodeURI(`${url}%`), encodeURIComponent(url), `${url}#token`, `${origin}/..${rest}`, origin],
  ];
}

test('a page that only resembles a registered one is refused before anything is written', async () => {
  const tried = registered.flatMap(mutations).filter((url) => !registered.includes(url));
  expect(tried.length).toBeGreaterThan(180);
  const refused = await Promise.all(tried.map((resetUrl) => codeOf(ask('anna@example.com', { registered, resetUrl }))));
  expect(new Set(refused)).toEqual(new Set(['reset_url_unknown']));
  expect(await codeOf(ask('anna@example.com', { resetUrl: registered[0] }))).toBe('reset_url_unknown');
  expect(await at.cost(() => ask('anna@example.com', { registered, resetUrl: 'https://evil.example/' }))).toEqual({
    statements: [],
    hashes: 0,
  });
});

test('an operator gets link and token without a mail; older ones die; it proves no mailbox', async () => {
  const accountId = await newAccount(at, 'operated@example.com');
  await ask('operated@example.com');
  const mailed = await resetMail(at, 'operated@example.com');
  await forgetMails(at);
  const { link, token, seconds } = await issueResetLink(at, at.brand, { accountId });
  expect({ link, seconds }).toEqual({ link: `https://demo.example/reset-password?token=${token}`, seconds: 3600 });
  expect(await waitingMails(at)).toEqual([]);
  expect(await codeOf(reset(mailed.token))).toBe('code_wrong');
  expect((await reset(token)).account).toMatchObject({ id: accountId, emailVerified: false });
  expect(await eventsOf(at, accountId)).toEqual(expect.arrayContaining(['password_reset_requested', 'password_reset']));
  const custom = await issueResetLink(at, at.brand, { accountId, registered, resetUrl: registered[1] });
  expect(custom.link).toBe(
    `https://app.example/reset?email=operated%40example.com&resetPasswordToken=${custom.token}&publisherId=${at.brand.id}`,
  );
  expect(await codeOf(issueResetLink(at, at.brand, { accountId, registered, resetUrl: 'https://app.example/reset/' }))).toBe(
    'reset_url_unknown',
  );
});

test('there is no link for a disabled account or for none', async () => {
  const accountId = await newAccount(at, 'shut@example.com');
  await accounts.disable(at.db, at.brand.id, accountId);
  expect(await codeOf(issueResetLink(at, at.brand, { accountId }))).toBe('not_found');
  expect(await codeOf(issueResetLink(at, at.brand, { accountId: '00000000-0000-4000-8000-000000000000' }))).toBe('not_found');
});

test('the table holds neither token nor code nor address', async () => {
  await newAccount(at, 'canary@example.com');
  await ask('canary@example.com');
  const { token, digits } = await resetMail(at, 'canary@example.com');
  const rows = await at.db.rows<{ row: string }>(sql`
    select c::text || encode(c.sealed, 'escape') || encode(c.id, 'escape') || encode(c.secret, 'escape') as row from portico.one_time_codes c`);
  const dump = rows.map(({ row }) => row).join('\n');
  for (const canary of [token, token.slice(0, 22), token.slice(22), 'canary@example.com']) expect(dump).not.toContain(canary);
  expect(dump).not.toMatch(new RegExp(`\\b${digits}\\b`));
});
