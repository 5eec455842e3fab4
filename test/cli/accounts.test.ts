import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from '../../src/storage/database.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { obtainTokens, password } from '../support/protocol.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { type CommandLine, commandLine } from './command-line.ts';

// Each is a process; the flow itself is fired more often in test/flows.
const TIMES = process.env.PORTICO_TEST_LONG ? 20 : 5;

let portico: RunningPortico;
let run: CommandLine;
let shop: RelyingParty;
const folder = mkdtempSync(join(tmpdir(), 'portico-claims-'));

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  run = commandLine(portico);
  shop = await party(portico.issuer, 'shop');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await portico.stop();
});

const create = (email: string, ...more: string[]) =>
  run(['account', 'create', '--email', email, '--password-stdin', ...more], { stdin: `${password}\n` });

test('an account is created with every standard claim and signs in', async () => {
  const claims = {
    name: 'Ada Nightfall',
    given_name: 'Ada',
    family_name: 'Nightfall',
    middle_name: 'M',
    nickname: 'ada',
    preferred_username: 'ada',
    profile: 'https://ada.example/',
    picture: 'https://ada.example/ada.png',
    website: 'https://ada.example/',
    gender: 'female',
    birthdate: '1990-12-10',
    zoneinfo: 'Europe/London',
    locale: 'en-GB',
    phone_number: '+441632960000',
    phone_number_verified: true,
    address: { street_address: '1 High Street', locality: 'London', postal_code: 'N1', country: 'UK' },
  };
  const file = join(folder, 'ada.json');
  writeFileSync(file, JSON.stringify(claims));
  const created = await create('Ada@cli.example', '--verified', '--claims', file, '--json');
  expect(created).toMatchObject({ code: 0, err: '' });
  const account = created.json<{ sub: string }>();
  expect(account).toMatchObject({ ...claims, email: 'Ada@cli.example', email_verified: true, disabled: false });
  expect(created.out).not.toContain(password);
  const everything = { parameters: { scope: 'openid profile email phone address' } };
  const { tokens } = await obtainTokens(shop, { email: 'ada@cli.example', ...everything });
  expect(await shop.userinfo(tokens)).toMatchObject({ ...claims, sub: account.sub, email_verified: true });
});

test('of several who create the same account at once one does', async () => {
  const all = await Promise.all(Array.from({ length: TIMES }, (_, index) => create(index % 2 ? 'Many@cli.example' : 'many@CLI.example')));
  expect(all.filter(({ code }) => code === 0)).toHaveLength(1);
  const losers = all.filter(({ code }) => code === 1);
  expect(new Set(losers.map(({ err }) => err))).toEqual(
    new Set([
      'nightfall has an account with the address Many@cli.example already.\n',
      'nightfall has an account with the address many@CLI.example already.\n',
    ]),
  );
  expect(losers).toHaveLength(TIMES - 1);
}, 60_000);

test('a refused password or claim says why, and nothing is written', async () => {
  const file = join(folder, 'odd.json');
  writeFileSync(file, JSON.stringify({ birthdate: '1990-13-01', shoe_size: 40 }));
  const odd = await create('odd@cli.example', '--claims', file);
  expect(odd.code).toBe(1);
  expect(odd.err).toContain('birthdate: must be YYYY-MM-DD');
  const short = await run(['account', 'create', '--email', 'odd@cli.example', '--password', 'short', '--json']);
  expect(JSON.parse(short.err)).toEqual({ error: 'That password is too short. Use at least 8 characters.', code: 'password_too_short' });
  expect((await run(['account', 'find', '--email', 'odd@cli.example'])).err).toContain('has no account with the address odd@cli.example');
});

test('a disabled account is out within one request, and nothing from before comes back when it is enabled', async () => {
  const email = 'out@cli.example';
  const { sub } = (await create(email, '--json')).json<{ sub: string }>();
  const { tokens, browser } = await obtainTokens(shop, { email });
  const disabled = await run(['account', 'disable', 'OUT@cli.example']);
  expect(disabled.out).toContain('Its sessions, grants and tokens have ended.');
  await expect(shop.userinfo(tokens)).rejects.toThrow();
  await expect(shop.refresh(tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(obtainTokens(shop, { email })).rejects.toThrow();
  const left = await portico.db.row<{ rows: number }>(sql`
    select (select count(*) from portico.oidc_sessions where account_id = ${sub}::uuid)::int
      + (select count(*) from portico.oidc_grants where account_id = ${sub}::uuid)::int
      + (select count(*) from portico.oidc_tokens where account_id = ${sub}::uuid)::int as rows`);
  expect(left?.rows).toBe(0);
  expect((await run(['account', 'find', '--id', sub, '--json'])).json()).toMatchObject({ sub, disabled: true });
  expect((await run(['account', 'disable', '--id', sub])).out).toContain('was disabled already');
  expect((await run(['account', 'enable', sub])).code).toBe(0);
  await expect(shop.refresh(tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  expect((await browser.get((await shop.begin()).url)).text).toContain('Sign in');
  await expect(obtainTokens(shop, { email })).resolves.toBeDefined();
});

const tokenIn = (url: string) => new URL(url).searchParams;

test('a reset link is printed, says how long it lives, works once and is in the audit trail', async () => {
  const email = 'link@cli.example';
  const { sub } = (await create(email, '--json')).json<{ sub: string }>();
  const printed = await run(['account', 'reset-link', 'LINK@cli.example']);
  expect(printed).toMatchObject({ code: 0, err: '' });
  const [link = ''] = printed.out.split('\n');
  expect(link).toMatch(new RegExp(`^${portico.issuer}/reset-password\\?token=[\\w-]{44}$`));
  expect(printed.out).toContain('It works once, for 1 hour.');
  const { link: newer, token, ...rest } = (await run(['account', 'reset-link', '--id', sub, '--json'])).json<Record<string, string>>();
  expect(rest).toEqual({ sub, expires_in: 3600 });
  expect(tokenIn(newer ?? '').get('token')).toBe(token);

  const browser = new Browser(portico.issuer);
  expect((await browser.get(link)).status).toBe(410);
  const page = await browser.get(newer ?? '');
  const chosen = 'violet kettle on a roof 9';
  expect((await browser.submit(page, page.form(), { password: chosen })).text).toContain('Your password is changed');
  await expect(obtainTokens(shop, { email })).rejects.toThrow();
  const events = await portico.db.rows<{ event: string; actor: string }>(sql`
    select event, actor from portico.audit_events where account_id = ${sub}::uuid and event like 'password_reset%' order by at`);
  expect(events).toEqual([
    { event: 'password_reset_requested', actor: 'operator' },
    { event: 'password_reset_requested', actor: 'operator' },
    { event: 'password_reset', actor: 'end_user' },
  ]);
});

test("a reset link may lead to a client's own page, and to no other", async () => {
  const email = 'custom@cli.example';
  await create(email);
  const ask = (...more: string[]) => run(['account', 'reset-link', email, ...more]);
  const page = 'https://shop.example/?u=edit-password';
  expect((await ask('--client', 'shop')).err).toContain('has no page of its own. Register one with: client update shop --reset-url <url>');
  expect((await run(['client', 'update', 'shop', '--reset-url', page, '--reset-url', 'https://shop.example/reset'])).code).toBe(0);
  const first = (await ask('--client', 'shop', '--json')).json<{ link: string; token: string }>();
  expect(first.link.startsWith(`${page}&email=custom%40cli.example&resetPasswordToken=${first.token}&publisherId=`)).toBe(true);
  const named = (await ask('--client', 'shop', '--reset-url', 'https://shop.example/reset', '--json')).json<{ link: string }>();
  expect(named.link.startsWith('https://shop.example/reset?email=')).toBe(true);
  for (const [more, says] of [
    [['--client', 'shop', '--reset-url', 'https://shop.example/reset/'], 'is no reset URL of "shop"'],
    [['--client', 'nobody'], 'has no client "nobody"'],
    [['--reset-url', page], 'Whose page is it? Add --client.'],
  ] as const) {
    const refused = await ask(...more);
    expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining(says)]);
  }
  for (const url of [
    'https://shop.example/#token',
    'http://shop.example/',
    'https://shop.example/?email=x',
    'javascript:alert(1)',
    '/reset',
  ]) {
    const refused = await run(['client', 'update', 'shop', '--reset-url', url]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--reset-url: ')]);
  }
});

test('a disabled account gets no reset link', async () => {
  await create('shut@cli.example');
  await run(['account', 'disable', 'shut@cli.example']);
  expect((await run(['account', 'reset-link', 'shut@cli.example'])).err).toContain('shut@cli.example is disabled. Enable it first.');
});
