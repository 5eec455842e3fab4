import { hash as argon2 } from '@node-rs/argon2';
import { identifierDigest, openIdentifierKey } from '../../src/domain/identifiers.ts';
import { loginAttempt } from '../../src/domain/limits.ts';
import { login } from '../../src/flows/login.ts';
import { register } from '../../src/flows/register.ts';
import { createHasher } from '../../src/hasher.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { sql } from '../../src/storage/database.ts';
import * as limits from '../../src/storage/limits.ts';
import * as passwords from '../../src/storage/passwords.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

const password = 'correct horse battery staple';
let counter = 0;
const ip = () => `10.0.${(counter >> 8) & 255}.${counter++ & 255}`;

function budgetsOf(email: string) {
  const digest = identifierDigest(openIdentifierKey(at.keyring, at.brand), 'email', email);
  return loginAttempt(at.keyring, at.brand, { digest, network: 'a network of its own', deviceId: undefined });
}

async function newAccount(email: string, secret = password) {
  return (await register(at, at.brand, { email, password: secret, byOperator: true })).account;
}

const signIn = (email: string, secret = password, more: { ip?: string; deviceCookie?: string } = {}) =>
  login(at, at.brand, { email, password: secret, source: { ip: more.ip ?? ip(), locale: 'en' }, deviceCookie: more.deviceCookie });

const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'signed in',
    ({ code, message }) => code ?? message,
  );

test('the right password signs in, in any spelling of the address, and notes the time', async () => {
  const registered = await newAccount('anna@example.com');
  await shiftClock(at.database, 60);
  const { account } = await signIn(' ANNA@example.com');
  expect(account.id).toBe(registered.id);
  expect(account.lastLoginAt.getTime() - account.registeredAt.getTime()).toBeGreaterThanOrEqual(60_000);
  expect(account.updatedAt).toEqual(registered.updatedAt);
});

test('a sign-in costs six statements and one hash', async () => {
  await newAccount('cost@example.com');
  const { statements, hashes } = await at.cost(() => signIn('cost@example.com'));
  const work = statements.filter((text) => text !== 'begin' && text !== 'commit');
  expect({ statements: work.length, hashes }).toEqual({ statements: 6, hashes: 1 });
});

test('a wrong password, an unknown address and a disabled account cost the same and get the same answer', async () => {
  await newAccount('exists@example.com');
  const disabled = await newAccount('disabled@example.com');
  await accounts.disable(at.db, at.brand.id, disabled.id);
  const attempts = [
    () => signIn('exists@example.com', 'not this horse'),
    () => signIn('nobody@example.com', 'not this horse'),
    () => signIn('disabled@example.com', 'not this horse'),
    () => signIn('disabled@example.com', password),
  ];
  const costs = [];
  for (const attempt of attempts) costs.push(await at.cost(attempt));
  expect(costs[0]).toMatchObject({ hashes: 1, statements: { length: 4 } });
  for (const cost of costs) expect(cost).toEqual(costs[0]);
  for (const attempt of attempts)
    await expect(attempt()).rejects.toMatchObject({ code: 'wrong_credentials', field: 'password', params: {} });
});

/** What the trail tells of this account, or of nobody, oldest first. */
async function noted(accountId: string | null): Promise<unknown[]> {
  const { rows } = await at.db.pool.query(
    'select event, actor, client_id, personal, details from portico.audit_events where account_id is not distinct from $1 order by at, id',
    [accountId],
  );
  return rows;
}

test('the trail tells each sign-in and each attempt, and whose it was where somebody is known', async () => {
  const { id } = await newAccount('noted@example.com');
  await at.db.pool.query('delete from portico.audit_events');
  const source = { ip: '203.0.113.77', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0', clientId: 'shop', locale: 'de' };
  const attempt = (email: string, secret: string) => codeOf(login(at, at.brand, { email, password: secret, source }));
  const codes = [await attempt('noted@example.com', 'not this horse'), await attempt('unheard-of@example.com', password)];
  codes.push(await attempt('noted@example.com', password), await attempt('noted@example.com', ''));
  expect(codes).toEqual(['wrong_credentials', 'wrong_credentials', 'signed in', 'password_required']);
  const personal = { device: 'Chrome/Windows', network: '203.0.113.0/24' };
  const row = { actor: 'end_user', client_id: 'shop', personal, details: {} };
  expect(await noted(id)).toEqual([
    { ...row, event: 'login_failed' },
    { ...row, event: 'login_succeeded' },
  ]);
  expect(await noted(null)).toEqual([{ ...row, event: 'login_failed' }]);
});

test('of those who go on knocking at a closed door the trail notes the first', async () => {
  const { id } = await newAccount('knocked@example.com');
  for (const [email, accountId] of [
    ['knocked@example.com', id],
    ['knocked-nobody@example.com', null],
  ] as const) {
    await at.db.pool.query('delete from portico.audit_events');
    await Promise.all(Array.from({ length: 30 }, () => codeOf(signIn(email, 'a guess'))));
    const events = (await noted(accountId)) as { event: string; details: object }[];
    expect(events.filter(({ event }) => event === 'login_failed')).toHaveLength(10);
    expect(events.filter(({ event }) => event === 'login_locked')).toEqual([expect.objectContaining({ details: { limit: 'identifier' } })]);
    await shiftClock(at.database, 901);
    await Promise.all(Array.from({ length: 12 }, () => codeOf(signIn(email, 'a guess'))));
    expect(((await noted(accountId)) as { event: string }[]).filter(({ event }) => event === 'login_locked')).toHaveLength(2);
  }
});

test('the attempt that reaches the limit costs the same for an account and for none, and those after it one statement', async () => {
  await newAccount('priced@example.com');
  const costs = [];
  for (const email of ['priced@example.com', 'priced-nobody@example.com']) {
    for (let tries = 0; tries < 10; tries += 1) await codeOf(signIn(email, 'a guess'));
    costs.push([await at.cost(() => signIn(email, 'a guess')), await at.cost(() => signIn(email, 'a guess'))]);
  }
  expect(costs[0]).toEqual(costs[1]);
  expect(costs[0]).toMatchObject([
    { hashes: 0, statements: { length: 3 } },
    { hashes: 0, statements: { length: 1 } },
  ]);
});

test('a network that tries many addresses is noted once a minute, also when each attempt is refused', async () => {
  await at.db.pool.query('delete from portico.audit_events');
  const address = '198.51.100.9';
  const all = await Promise.all(
    Array.from({ length: 80 }, (_, index) => codeOf(signIn(`spray${index}@example.com`, 'a guess', { ip: address }))),
  );
  expect(all.filter((code) => code === 'too_many_attempts')).toHaveLength(20);
  const events = (await noted(null)) as { event: string; details: object }[];
  expect(events.filter(({ event }) => event === 'login_locked')).toEqual([expect.objectContaining({ details: { limit: 'network' } })]);
});

test('two hundred wrong passwords at once are never evaluated more often than the limit allows', async () => {
  await newAccount('target@example.com');
  for (const email of ['target@example.com', 'unknown-target@example.com']) {
    const before = at.hasher.count;
    const codes = await Promise.all(Array.from({ length: 200 }, () => codeOf(signIn(email, 'not this horse'))));
    expect(at.hasher.count - before).toBe(10);
    expect(codes.filter((code) => code === 'wrong_credentials')).toHaveLength(10);
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(190);
  }
  await expect(signIn('target@example.com')).rejects.toMatchObject({ code: 'too_many_attempts', params: { minutes: 15 } });
  await shiftClock(at.database, 901);
  await signIn('target@example.com');
});

test('two hundred wrong passwords from one network are never evaluated more often than the limit allows', async () => {
  const before = at.hasher.count;
  const codes = await Promise.all(
    Array.from({ length: 200 }, (_, index) => codeOf(signIn(`spray-${index}@example.com`, 'not this horse', { ip: '2001:db8::1' }))),
  );
  expect(at.hasher.count - before).toBe(60);
  expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(140);
  expect(await codeOf(signIn('spray-x@example.com', 'not this horse', { ip: '2001:db8::2:1' }))).toBe('too_many_attempts');
});

test('garbage for an address is limited like one network', async () => {
  const codes = await Promise.all(
    Array.from({ length: 70 }, (_, index) => codeOf(signIn(`garbage-${index}@example.com`, 'not this horse', { ip: `garbage-${index}` }))),
  );
  expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(10);
});

test('the owner signs in from a known device while strangers burn the budget', async () => {
  await newAccount('owner@example.com');
  const { deviceCookie } = await signIn('owner@example.com');
  await Promise.all(Array.from({ length: 30 }, () => codeOf(signIn('owner@example.com', 'guess of a stranger'))));
  expect(await codeOf(signIn('owner@example.com'))).toBe('too_many_attempts');
  const again = await signIn('owner@example.com', password, { deviceCookie });
  expect(again.deviceCookie).toBe(deviceCookie);
  // The stolen device does not guess for ever either.
  const codes = await Promise.all(
    Array.from({ length: 30 }, () => codeOf(signIn('owner@example.com', 'guess of a thief', { deviceCookie }))),
  );
  expect(codes.filter((code) => code === 'wrong_credentials')).toHaveLength(10);
});

test("a cookie of another account or a tampered one does not lend the owner's budget", async () => {
  await newAccount('victim@example.com');
  await newAccount('attacker@example.com');
  const { deviceCookie } = await signIn('attacker@example.com');
  const before = at.hasher.count;
  await Promise.all(Array.from({ length: 15 }, () => codeOf(signIn('victim@example.com', 'a guess', { deviceCookie }))));
  await Promise.all(
    Array.from({ length: 15 }, () => codeOf(signIn('victim@example.com', 'a guess', { deviceCookie: `${deviceCookie.slice(0, -1)}A` }))),
  );
  expect(at.hasher.count - before).toBe(10);
});

test('a success clears the failures of its account and gives the network its attempt back', async () => {
  await newAccount('forgetful@example.com');
  for (let round = 0; round < 3; round += 1) {
    for (let slip = 0; slip < 9; slip += 1) {
      expect(await codeOf(signIn('forgetful@example.com', 'not this horse'))).toBe('wrong_credentials');
    }
    await signIn('forgetful@example.com');
  }
  for (let index = 0; index < 70; index += 1) await signIn('forgetful@example.com', password, { ip: '198.51.100.1' });
});

test('after a hundred failures in a day nothing is evaluated until the day is over', async () => {
  await newAccount('stubborn@example.com');
  const before = at.hasher.count;
  for (let window = 0; window < 12; window += 1) {
    await Promise.all(Array.from({ length: 30 }, () => codeOf(signIn('stubborn@example.com', 'not this horse'))));
    await shiftClock(at.database, 901);
  }
  expect(at.hasher.count - before).toBe(100);
  expect(await codeOf(signIn('stubborn@example.com'))).toBe('too_many_attempts');
  await shiftClock(at.database, 86_400);
  await signIn('stubborn@example.com');
});

test('knocking at a closed door does not lead to the hard stop', async () => {
  await newAccount('patient@example.com');
  for (let knock = 0; knock < 200; knock += 1) await codeOf(signIn('patient@example.com', 'not this horse'));
  await shiftClock(at.database, 901);
  await signIn('patient@example.com');
}, 60_000);

test('a password of 128 characters works, in both spellings of its accents', async () => {
  const long = 'Grüße aus dem schönen Köln, '.repeat(5).slice(0, 128);
  await newAccount('long@example.com', long);
  await signIn('long@example.com', long.normalize('NFD'));
  expect(await codeOf(signIn('long@example.com', `${long.slice(0, 127)}?`))).toBe('wrong_credentials');
});

test('a megabyte is refused in less than 50 ms without a hash or a statement', async () => {
  const started = performance.now();
  const cost = await at.cost(() => signIn('anna@example.com', 'x'.repeat(1_048_576)));
  expect(performance.now() - started).toBeLessThan(50);
  expect(cost).toEqual({ statements: [], hashes: 0 });
  expect(await codeOf(signIn('anna@example.com', 'x'.repeat(1_048_576)))).toBe('wrong_credentials');
});

test('a missing address or password is named before anything is counted', async () => {
  expect(await codeOf(signIn('', password))).toBe('email_required');
  expect(await codeOf(signIn('anna', password))).toBe('email_invalid');
  expect(await codeOf(signIn('anna@example.com', ''))).toBe('password_required');
  expect(await at.cost(() => signIn('anna@example.com', ''))).toEqual({ statements: [], hashes: 0 });
});

test('a hash with weaker parameters is renewed at sign-in', async () => {
  const { id } = await newAccount('old@example.com');
  await passwords.save(at.db, at.brand.id, id, await argon2(password, { memoryCost: 12_288, timeCost: 1 }));
  await signIn('old@example.com');
  expect(await passwords.find(at.db, at.brand.id, id)).toContain('m=19456,t=2,p=1');
  await signIn('old@example.com');
});

test('renewing a hash never brings a former password back', async () => {
  const { id } = await newAccount('changed@example.com');
  const from = await passwords.find(at.db, at.brand.id, id);
  await passwords.save(at.db, at.brand.id, id, await at.hasher.hash('a new password by reset'));
  await passwords.rehash(at.db, at.brand.id, id, { from: from!, to: await at.hasher.hash(password) });
  expect(await codeOf(signIn('changed@example.com'))).toBe('wrong_credentials');
});

test('an attempt refused for overload counts as none', async () => {
  await newAccount('busy@example.com');
  const hasher = createHasher({ concurrency: 1, queue: 0 });
  const occupied = hasher.hash('x').then(() => hasher.hash('y'));
  const codes = await Promise.all(
    Array.from({ length: 8 }, () =>
      codeOf(login({ ...at, hasher }, at.brand, { email: 'busy@example.com', password: 'a guess', source: { ip: ip(), locale: 'en' } })),
    ),
  );
  await occupied.catch(() => {});
  const evaluated = codes.filter((code) => code === 'wrong_credentials').length;
  expect(codes.filter((code) => code === 'overloaded').length).toBe(8 - evaluated);
  expect(evaluated).toBeLessThan(8);
  const [, identifier, day] = await limits.reserve(at.db, at.brand.id, budgetsOf('busy@example.com'));
  expect([identifier?.used, day?.used]).toEqual([evaluated + 1, evaluated + 1]);
});

test('an account disabled while its password is checked does not sign in', async () => {
  const { id } = await newAccount('racing@example.com');
  const attempt = codeOf(signIn('racing@example.com'));
  await accounts.disable(at.db, at.brand.id, id);
  expect(['wrong_credentials', 'signed in']).toContain(await attempt);
  expect(await codeOf(signIn('racing@example.com'))).toBe('wrong_credentials');
  await accounts.enable(at.db, at.brand.id, id);
  await signIn('racing@example.com');
});

test('no address and no network stands in the counters', async () => {
  const rows = await at.db.rows<{ key: Buffer }>(sql`select key from portico.limits`);
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter(({ key }) => key.length !== 17 || /example|anna|10\.0\.|2001:db8/.test(key.toString('latin1')))).toEqual([]);
});
