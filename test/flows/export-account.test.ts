// Everything that is personal is in a person's download, and nothing that opens a door.
import { ACCOUNT_CLIENT } from '../../src/domain/clients.ts';
import type { DataExport } from '../../src/domain/data-export.ts';
import { newOneTimeCode, sealRemembered } from '../../src/domain/one-time-codes.ts';
import { exportAccount } from '../../src/flows/export-account.ts';
import { register } from '../../src/flows/register.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as auditEvents from '../../src/storage/audit-events.ts';
import * as oneTimeCodes from '../../src/storage/one-time-codes.ts';
import { dataMap, exportedColumns } from '../support/data-map.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import { password } from '../support/people.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

const source = { ip: '203.0.113.9', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/150.0', clientId: 'shop', locale: 'de' };
const claims = { name: 'Mira Okonkwo', phone_number: '+442079460018', locale: 'de', address: { locality: 'Lagos' } };
const email = 'mira@nightfall.example';
/** What nobody may find in a download. */
const secrets = ['secret-session-id', 'secret-token-id', 'secret-of-a-session', 'secret-grant-payload', 'secret-code', password];

let test_: TestBrand;
let accountId: string;
let document: DataExport;
let digits: string;

/** A person who has used everything there is. */
beforeAll(async () => {
  test_ = await createTestBrand();
  const { account } = await register(test_, test_.brand, { email, password, claims, emailVerified: true, byOperator: true });
  accountId = account.id;
  const query = (text: string, ...values: unknown[]) => test_.db.pool.query(text, [test_.brand.id, accountId, ...values]);
  const place = "$1::int, ('x' || right($2::text, 4))::bit(16)::int & 32767";
  await query(
    `update portico.accounts
     set signed_out_at = now(), disabled_at = now(), erase_after = now() + interval '3 days', erase_locale = 'de'
     where brand_id = $1 and id = $2`,
  );
  await query('update portico.identifiers set held_until = now() where brand_id = $1 and account_id = $2');
  await query(`insert into portico.federated_identities (brand_id, slice, account_id, issuer, subject, provider_name)
    values (${place}, $2::uuid, 'https://elsewhere.example', 'mira-elsewhere', 'Elsewhere')`);
  await query(
    `insert into portico.oidc_sessions (brand_id, slice, id, uid, account_id, payload, expires_at, device, network, used_at)
     values (${place}, 'secret-session-id', 'secret-of-a-session', $2::uuid, $3, now() + interval '1 hour', 'Chrome/Windows', '198.51.100.0/24', now())`,
    JSON.stringify({ authorizations: { shop: { sid: 'secret-of-a-session' }, 'a-former-app': {}, 'portico-account': {} } }),
  );
  await query(`insert into portico.clients (brand_id, client_id, metadata) select $1, 'shop', jsonb_build_object('client_name', 'Nightfall Shop')
    where $2::uuid is not null`);
  await query(
    `insert into portico.oidc_grants (brand_id, slice, id, account_id, client_id, payload, expires_at)
     values (${place}, 'secret-of-a-session', $2::uuid, 'shop', $3, now() + interval '1 day')`,
    JSON.stringify({
      openid: { scope: 'openid email' },
      resources: { 'https://api.example': 'orders:read openid' },
      rejected: { openid: { scope: 'secret-grant-payload' } },
    }),
  );
  await query(`insert into portico.oidc_tokens (brand_id, slice, id, kind, account_id, payload, expires_at)
    values (${place}, 'secret-token-id', 'RefreshToken', $2::uuid, '{"nonce": "secret-token-id"}', now() + interval '1 day')`);
  await query(
    `insert into portico.consents (brand_id, slice, account_id, number, document, version, locale, text_hash, answer, at, asked_at, client_id, channel,
       network, user_agent, previous, digest)
     values (${place}, $2::uuid, 1, 'letters', 1, 'de', 'hash', 'accepted', now(), now(), 'shop', 'page', '203.0.113.0/24', $3, '', 'digest')`,
    source.userAgent,
  );
  const code = newOneTimeCode(test_.keyring, test_.brand.id, accountId);
  digits = code.digits;
  const sealed = sealRemembered(test_.keyring, test_.brand.id, 'change_email', code.key, { email: 'secret-code' });
  await oneTimeCodes.insert(test_.db, { ...code, brandId: test_.brand.id, purpose: 'change_email', accountId, sealed, seconds: 60 });
  await oneTimeCodes.take(test_.db, { brandId: test_.brand.id, purpose: 'change_email', key: code.key }, { secret: code.secret });
  await auditEvents.record(test_.db, test_.brand.id, {
    ...{ event: 'login_failed', actor: 'end_user', accountId },
    source: { ...source, clientId: ACCOUNT_CLIENT },
  });
  const signedIn = { event: 'login_succeeded', actor: 'end_user', accountId, source, details: { method: 'password' } } as const;
  await auditEvents.record(test_.db, test_.brand.id, signedIn);
  document = await exportAccount(test_, test_.brand, { accountId, source });
});
afterAll(() => test_.close());

/** Every value at `history[].event` and the like. */
function valuesAt(path: string): unknown[] {
  return path.split('.').reduce<unknown[]>(
    (values, part) => {
      const name = part.replace('[]', '');
      const members = values.map((value) => (value as Record<string, unknown> | null)?.[name]);
      return part.endsWith('[]') ? members.flatMap((member) => member as unknown[]) : members;
    },
    [document],
  );
}

test.each(exportedColumns(dataMap))('%s is in the download, as %s', (_, path) => {
  const values = valuesAt(path).filter((value) => value !== null && value !== undefined);
  expect(values.length).toBeGreaterThan(0);
});

test('it reads well: clear names, times in ISO 8601, names of apps, words instead of numbers', () => {
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(document).toMatchObject({
    provider: { name: 'Nightfall Records', issuer: 'https://demo.example' },
    exported_at: time,
    account: { sub: accountId, email, email_verified: true, registered_at: time, will_be_erased_after: time },
    profile: claims,
    password: { set_at: time },
    identity_providers: [{ name: 'Elsewhere', issuer: 'https://elsewhere.example', subject: 'mira-elsewhere', linked_at: time }],
    signed_in: [
      {
        device: 'Chrome/Windows',
        network: '198.51.100.0/24',
        apps: expect.arrayContaining(['Nightfall Shop', 'a-former-app', 'Nightfall Records account']),
        since: time,
        last_used_at: time,
        until: time,
      },
    ],
    access_given: [{ app: 'Nightfall Shop', client_id: 'shop', scopes: ['openid', 'email', 'orders:read'], since: time, until: time }],
    codes_mailed: [{ purpose: 'change_email', at: time, until: time, used_at: time }],
  });
  const signIn = document.history.find(({ event }) => event === 'login_succeeded');
  expect(signIn).toEqual({
    ...{ event: 'login_succeeded', by: 'end_user', at: time, app: 'shop', device: 'Chrome/Windows', network: '203.0.113.0/24' },
    details: { method: 'password' },
  });
});

test('the account’s own pages are called what they are', () => {
  expect(document.history.some(({ app }) => app === 'Nightfall Records account')).toBe(true);
  expect(JSON.stringify(document)).not.toContain(ACCOUNT_CLIENT);
});

test('no hash, salt, digest, id of a session or token, code, or sealed value is in it', async () => {
  const text = JSON.stringify(document);
  for (const secret of [...secrets, digits, 'argon2']) expect(text).not.toContain(secret);
  const { rows } = await test_.db.pool.query(
    'select hash, salt, commitment, i.digest from portico.passwords, portico.audit_events, portico.identifiers i',
  );
  for (const row of rows) {
    for (const value of Object.values(row as Record<string, string | Buffer | null>).filter((value) => value !== null)) {
      const spelled = Buffer.isBuffer(value)
        ? ['hex', 'base64', 'base64url'].map((encoding) => value.toString(encoding as 'hex'))
        : [value];
      for (const spelling of spelled) expect(text).not.toContain(spelling);
    }
  }
});

test('it is written down and the person hears of it, with a link to shut the door', async () => {
  const { params, locale } = await mailTo(test_, email, 'data_exported');
  expect(params.seen).toEqual({ device: 'Chrome/Windows', network: '203.0.113.0/24' });
  expect(params.link).toMatch(/^https:\/\/demo\.example\/secure-account\?token=[\w-]{44}$/);
  expect([params.when, locale]).toEqual([document.exported_at, 'de']);
  expect(document.history[0]).toMatchObject({ event: 'data_exported', by: 'end_user' });
});

test('of twenty downloads at once three are told: nobody’s mailbox is flooded by pressing a button', async () => {
  const to = 'collector@nightfall.example';
  const { account } = await register(test_, test_.brand, { email: to, password, byOperator: true });
  const source = { ip: '203.0.113.9', locale: 'en' };
  await Promise.all(Array.from({ length: 20 }, () => exportAccount(test_, test_.brand, { accountId: account.id, source })));
  expect((await waitingMails(test_)).filter((mail) => mail.to === to)).toHaveLength(3);
});

test('an operator’s export is written down as one, and mails nobody', async () => {
  const before = (await waitingMails(test_)).length;
  const { history } = await exportAccount(test_, test_.brand, { accountId });
  expect(history[0]).toMatchObject({ event: 'data_exported', by: 'operator', device: null, network: null });
  expect(await waitingMails(test_)).toHaveLength(before);
});

test('nobody else’s data is in it, and what is not there cannot be had', async () => {
  const other = await register(test_, test_.brand, { email: 'other@nightfall.example', password, byOperator: true });
  const document = await exportAccount(test_, test_.brand, { accountId: other.account.id });
  expect(document).toMatchObject({ profile: {}, identity_providers: [], signed_in: [], access_given: [], codes_mailed: [] });
  expect(JSON.stringify(document)).not.toContain(accountId);
  const nobody = { accountId: '00000000-0000-4000-8000-000000000000' };
  await expect(exportAccount(test_, test_.brand, nobody)).rejects.toMatchObject({ code: 'not_found' });
  await expect(exportAccount(test_, { ...test_.brand, id: test_.brand.id + 1 }, { accountId })).rejects.toMatchObject({
    code: 'not_found',
  });
  expect(await accounts.find(test_.db, test_.brand.id, accountId)).toBeDefined();
});
