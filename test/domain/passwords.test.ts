import { acceptablePassword, normalizePassword, passwordContext } from '../../src/domain/passwords.ts';
import { Refusal } from '../../src/errors.ts';

const brand = { name: 'Nightfall Records', slug: 'nightfall' };
const email = 'anna.schmidt@sunrise-mail.example';

function refusalOf(password: string, minimum = 8): Refusal | undefined {
  try {
    acceptablePassword(password, { minimum, context: passwordContext(brand, email) });
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

test('length is counted in code points at any policy', () => {
  const characters = [...'vñ🦉kq7wzl2mxbrt'];
  for (const minimum of [8, 15]) {
    expect(refusalOf(characters.slice(0, minimum - 1).join(''), minimum)).toMatchObject({
      code: 'password_too_short',
      field: 'password',
      params: { minimum },
    });
    expect(refusalOf(characters.slice(0, minimum).join(''), minimum)).toBeUndefined();
  }
});

test('a password may have 128 characters and no more', () => {
  const long = 'correct horse battery staple '.repeat(5).slice(0, 128);
  expect(acceptablePassword(long, { minimum: 8, context: [] })).toBe(long);
  expect(refusalOf('🦉🦔'.repeat(64))).toBeUndefined();
  expect(refusalOf(`${long}x`)?.code).toBe('password_too_long');
  expect(normalizePassword(`${long}x`)).toBeUndefined();
});

test('a megabyte is refused in less than 50 ms', () => {
  const huge = 'ü'.repeat(1_048_576);
  const started = performance.now();
  expect(refusalOf(huge)?.code).toBe('password_too_long');
  expect(normalizePassword(huge)).toBeUndefined();
  // A ligature that becomes eighteen characters each.
  expect(refusalOf('\ufdfa'.repeat(300))?.code).toBe('password_too_long');
  expect(performance.now() - started).toBeLessThan(50);
});

test('composed and decomposed spellings are one password, blanks and case are significant', () => {
  const password = 'Grüße aus Köln';
  expect(acceptablePassword(password.normalize('NFD'), { minimum: 8, context: [] })).toBe(password);
  expect(normalizePassword(password.normalize('NFD'))).toBe(password);
  expect(normalizePassword(' x ')).toBe(' x ');
  expect(normalizePassword('X')).not.toBe(normalizePassword('x'));
  expect(normalizePassword('ö'.repeat(128).normalize('NFD'))).toBe('ö'.repeat(128));
});

test('half a character is refused', () => {
  expect(refusalOf('\ud800abcdefghij')?.code).toBe('password_malformed');
  expect(normalizePassword('\ud801abcdefghij')).toBeUndefined();
  expect(refusalOf('')?.code).toBe('password_required');
});

test.each([
  'Aaaaaaaaa1',
  'correct horse battery staple',
  'kT9#vLq2',
  'anna und otto gehen baden',
  'nightfall-turnip-orchestra',
  'abc481920573',
])('%p passes', (password) => {
  expect(refusalOf(password)).toBeUndefined();
});

test.each([
  'Password1',
  'password1',
  'PASSWORD',
  'password2026!',
  'P@ssw0rd1!',
  'passw0rd',
  '$unshine99',
  '!!password!!',
  'Passwort1',
  'Sommer2026!',
  'password123456',
  '12345678',
  '123456789012',
  'aaaaaaaa',
  'qwertzuiop',
  'Qwertzuiop1',
  'abcdefgh',
  'iloveyou2',
])('%p is too common', (password) => {
  expect(refusalOf(password)?.code).toBe('password_breached');
});

test.each([
  'Nightfall2026',
  'nightfall records',
  'NightfallRecords!',
  'Records2026!',
  'anna.schmidt',
  'Anna.Schmidt1',
  'schmidt1985',
  email,
  email.toUpperCase(),
  'sunrise-mail',
  'Sunrise123!',
  'nightfall-anna.schmidt',
  'nightfallPassword1',
])('%p is made of what everybody knows', (password) => {
  expect(refusalOf(password)?.code).toBe('password_contains_context');
});

test('a brand and an address without words leave passwords alone', () => {
  expect(passwordContext({ name: 'O2', slug: 'o2' }, 'a@b.example')).not.toContain('');
  expect(passwordContext({ name: 'O2', slug: 'o2' }, undefined)).toEqual([]);
  expect(passwordContext({ name: 'O2', slug: 'o2' }, undefined, 'Tour Tickets')).toEqual([
    'tour tickets',
    'tourtickets',
    'tour',
    'tickets',
  ]);
});
