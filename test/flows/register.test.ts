import { defaultSettings } from '../../src/domain/brands.ts';
import { identifierDigest, openIdentifierKey } from '../../src/domain/identifiers.ts';
import { knowsDevice } from '../../src/domain/known-devices.ts';
import { register } from '../../src/flows/register.ts';
import { sql } from '../../src/storage/database.ts';
import * as passwords from '../../src/storage/passwords.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterAll(() => at.close());

const password = 'correct horse battery staple';
let address = 0;
const source = () => ({ ip: `10.0.${(address >> 8) & 255}.${address++ & 255}`, locale: 'en' });

async function countRows(): Promise<number[]> {
  const row = await at.db.row<{ counts: number[] }>(sql`
    select array[
      (select count(*)::int from portico.accounts),
      (select count(*)::int from portico.identifiers),
      (select count(*)::int from portico.passwords),
      (select count(*)::int from portico.limits)] as counts`);
  return row!.counts;
}

test('a new account has its address, its claims and, made by an operator, no sign-in yet', async () => {
  const { account, deviceCookie } = await register(at, at.brand, {
    email: ' Anna@Example.com ',
    password,
    claims: { given_name: 'Anna' },
    source: source(),
  });
  expect(account).toMatchObject({
    brandId: at.brand.id,
    email: 'Anna@example.com',
    emailVerified: false,
    claims: { given_name: 'Anna' },
    disabledAt: null,
  });
  expect(account.lastLoginAt.getTime() - account.registeredAt.getTime()).toBe(1);
  const made = await register(at, at.brand, { email: 'made@example.com', password, byOperator: true });
  expect(made.account.lastLoginAt).toEqual(made.account.registeredAt);
  expect(await passwords.find(at.db, at.brand.id, account.id)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const digest = identifierDigest(openIdentifierKey(at.keyring, at.brand), 'email', 'anna@example.com');
  expect(knowsDevice(at.keyring.key('devices'), deviceCookie, digest)).toBeDefined();
});

test('a known address is refused after the same work, however it is spelled', async () => {
  await register(at, at.brand, { email: 'known@example.com', password, source: source() });
  const before = await countRows();
  const fresh = await at.cost(() => register(at, at.brand, { email: 'fresh@example.com', password, source: source() }));
  const known = await at.cost(() => register(at, at.brand, { email: 'KNOWN@example.COM', password, source: source() }));
  expect(known.hashes).toBe(fresh.hashes);
  await expect(register(at, at.brand, { email: 'Known@Example.com', password, source: source() })).rejects.toMatchObject({
    code: 'email_taken',
    field: 'email',
  });
  expect((await countRows()).slice(0, 3)).toEqual(before.slice(0, 3).map((count) => count + 1));
});

test('a hundred people who register one address at once get one account and no fault', async () => {
  const before = await countRows();
  // Opened before: the hundred wait for one another, not for connections.
  await Promise.all(Array.from({ length: 20 }, () => at.db.run(sql`select pg_sleep(0.05)`)));
  const twins = ['race@example.com', 'RACE@example.com', ' Race@Example.Com', 'rAcE@EXAMPLE.com\t'];
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => register(at, at.brand, { email: twins[index % 4]!, password, source: source() })),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
  expect(new Set(reasons)).toEqual(new Set(['email_taken']));
  expect((await countRows()).slice(0, 3)).toEqual(before.slice(0, 3).map((count) => count + 1));
});

test('a refused form is neither counted nor hashed nor written', async () => {
  const before = await countRows();
  const forms = [
    { email: '', password },
    { email: 'not an address', password },
    { email: 'new@example.com', password: '' },
    { email: 'new@example.com', password: 'Password1' },
    { email: 'new@example.com', password: 'Nightfall2026' },
    { email: 'someone.special@example.com', password: 'someone.special1' },
    { email: 'new@example.com', password: 'x'.repeat(1_048_576) },
  ];
  for (const form of forms) {
    expect(await at.cost(() => register(at, at.brand, { ...form, source: { ip: '10.1.1.1', locale: 'en' } }))).toEqual({
      statements: [],
      hashes: 0,
    });
  }
  expect(await countRows()).toEqual(before);
});

test('one network makes a limited number of accounts, also when many ask at once or the address is missing', async () => {
  const brand = at.with({ limits: { ...defaultSettings.limits, registerPerNetwork: { attempts: 5, seconds: 3600 } } });
  for (const from of ['10.9.9.9', undefined]) {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        register(at, brand, {
          email: `limited-${from ?? 'x'}-${index}@example.com`,
          password,
          source: from ? { ip: from, locale: 'en' } : undefined,
        }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    await expect(
      register(at, brand, { email: 'late@example.com', password, source: from ? { ip: from, locale: 'en' } : undefined }),
    ).rejects.toMatchObject({
      code: 'too_many_attempts',
      retryAfter: expect.any(Number),
      params: { minutes: 60 },
    });
  }
  await register(at, brand, { email: 'operator@example.com', password, byOperator: true });
});

test('closed registration is closed for everyone but the operator', async () => {
  const brand = at.with({ registration: false });
  await expect(register(at, brand, { email: 'closed@example.com', password, source: source() })).rejects.toMatchObject({
    code: 'registration_closed',
  });
  await register(at, brand, { email: 'closed@example.com', password, byOperator: true });
});

test('the password is stored as a hash of its normalised form', async () => {
  const { account } = await register(at, at.brand, {
    email: 'norm@example.com',
    password: 'Grüße aus Köln'.normalize('NFD'),
    source: source(),
  });
  const stored = await passwords.find(at.db, at.brand.id, account.id);
  expect(stored).not.toContain('Grüße');
  expect(await at.hasher.verify(stored, 'Grüße aus Köln')).toBe(true);
});
