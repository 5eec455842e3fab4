import type { Account } from '../../src/domain/accounts.ts';
import { type AccountClaims, claimsFor, parseClaims } from '../../src/domain/claims.ts';
import { noConsents } from '../../src/domain/consents.ts';

const everything: AccountClaims = {
  name: 'Anna Schmidt',
  given_name: 'Anna',
  family_name: 'Schmidt',
  middle_name: 'Maria',
  nickname: 'Änni',
  preferred_username: 'anna',
  profile: 'https://people.example/anna',
  picture: 'https://people.example/anna.png',
  website: 'https://anna.example',
  gender: 'female',
  birthdate: '1985-02-28',
  zoneinfo: 'Europe/Berlin',
  locale: 'de-DE',
  phone_number: '+4930123456',
  phone_number_verified: true,
  address: {
    formatted: 'Straße 1\n10115 Berlin',
    street_address: 'Straße 1',
    locality: 'Berlin',
    region: 'BE',
    postal_code: '10115',
    country: 'Germany',
  },
};

const account: Account = {
  brandId: 1,
  id: '11111111-1111-4111-8111-111111111111',
  email: 'anna@example.com',
  emailVerified: true,
  claims: everything,
  registeredAt: new Date('2026-01-01T00:00:00Z'),
  lastLoginAt: new Date('2026-01-02T00:00:00Z'),
  updatedAt: new Date('2026-01-03T00:00:00.900Z'),
  disabledAt: null,
  signedOutAt: null,
  signedOutExcept: null,
  eraseAfter: null,
  consents: noConsents,
  answers: {},
  signIns: 1,
};

test('every standard claim is taken as it is', () => {
  expect(parseClaims(JSON.parse(JSON.stringify(everything)))).toEqual(everything);
  expect(parseClaims({})).toEqual({});
});

test.each([
  { birthdate: '0000-02-29' },
  { birthdate: '1985' },
  { birthdate: '2024-02-29' },
  { locale: 'en' },
  { locale: 'pt_BR' },
  { locale: 'zh-Hant-TW' },
  { zoneinfo: 'America/Los_Angeles' },
  { phone_number: '+16045551234;ext=5678' },
])('%j is well formed', (claims) => {
  expect(parseClaims(claims)).toEqual(claims);
});

test.each([
  ['birthdate', { birthdate: '2023-02-29' }],
  ['birthdate', { birthdate: '28.02.1985' }],
  ['birthdate', { birthdate: '0000' }],
  ['birthdate', { birthdate: '1985-13-01' }],
  ['locale', { locale: 'not a locale' }],
  ['zoneinfo', { zoneinfo: 'Mars/Olympus' }],
  ['zoneinfo', { zoneinfo: '+01:00' }],
  ['phone_number', { phone_number: '030 123456' }],
  ['phone_number_verified', { phone_number_verified: true }],
  ['picture', { picture: 'javascript:alert(1)' }],
  ['website', { website: 'http://anna.example' }],
  ['profile', { profile: 'https://anna:secret@people.example' }],
  ['name', { name: '' }],
  ['name', { name: 'Anna\r\nBcc: eve' }],
  ['name', { name: 'x'.repeat(201) }],
  ['name', { name: '\ud800' }],
  ['name', { name: 7 }],
  ['address.country', { address: { country: 7 } }],
  ['address', { address: 'Berlin' }],
  ['address.planet', { address: { planet: 'Mars' } }],
  ['sub', { sub: 'someone-else' }],
  ['email_verified', { email_verified: true }],
  ['claims', []],
  ['claims', 'name'],
  ['claims', null],
  ['__proto__', JSON.parse('{"__proto__": {"admin": true}}')],
  ['constructor', JSON.parse('{"constructor": {"prototype": {"admin": true}}}')],
])('a wrong %s is named', (name, input) => {
  const [head, leaf] = name.split('.');
  expect(() => parseClaims(input)).toThrow(new RegExp(`cannot be used:\\n(.*\\n)*.*${head}.*${leaf ?? ''}`));
});

test('a hidden key changes no object and reaches no account', () => {
  expect(() => parseClaims(JSON.parse('{"address": {"__proto__": {"country": "x"}}}'))).toThrow();
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

test('a scope releases its claims and no other', () => {
  expect(claimsFor(account, ['openid'])).toEqual({ sub: account.id });
  expect(claimsFor(account, ['openid', 'email'])).toEqual({ sub: account.id, email: 'anna@example.com', email_verified: true });
  expect(claimsFor(account, ['phone', 'constructor', '__proto__', 'unknown'])).toEqual({
    sub: account.id,
    phone_number: '+4930123456',
    phone_number_verified: true,
  });
  expect(claimsFor(account, ['address']).address).toEqual(everything.address);
  expect(claimsFor(account, ['profile'])).toMatchObject({ nickname: 'Änni', birthdate: '1985-02-28', updated_at: 1767398400 });
});

test('a claim asked for by name is released without its scope', () => {
  expect(claimsFor(account, ['openid'], ['birthdate', 'password', 'toString'])).toEqual({ sub: account.id, birthdate: '1985-02-28' });
});

test('claims without a value are left out', () => {
  const empty = claimsFor({ ...account, email: null, claims: {} });
  expect(empty).toEqual({ sub: account.id, updated_at: 1767398400 });
  expect(claimsFor({ ...account, claims: { phone_number: '+4930123456' } }, ['phone']).phone_number_verified).toBe(false);
});
