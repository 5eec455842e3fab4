import { type Brand, defaultSettings } from '../../src/domain/brands.ts';
import type { ConsentDocument } from '../../src/domain/consents.ts';
import { answersOf } from '../../src/domain/pending-registrations.ts';
import { fieldDefaults, type ProfileField } from '../../src/domain/profile-fields.ts';
import { nothingAnswered, type RegistrationForm, readRegistration, registrationQuestions } from '../../src/domain/registration-forms.ts';
import { defaultTheme } from '../../src/domain/themes.ts';

const now = new Date('2026-06-15T09:00:00.000Z');
const document = (name: string, more: Partial<ConsentDocument['versions'][number]> = {}): ConsentDocument => ({
  ...{ name, owner: 'brand', enabled: true },
  versions: [
    {
      ...{ version: 1, kind: 'required', effectiveAt: '2026-01-01T00:00:00Z', texts: { en: `About ${name}` }, url: null },
      ...{ clients: null, countries: null, cutoff: 1, graceDays: 0, doubleOptIn: false },
      ...more,
    },
  ],
});
const field = (key: string, more: Partial<ProfileField> & Pick<ProfileField, 'type'>): ProfileField => ({
  ...{ ...fieldDefaults, key, ask: 'registration' },
  ...more,
});
const brand: Brand = {
  ...{ id: 1, slug: 'roast', issuer: 'https://id.example/roast', name: 'Roast & Co.', version: 1, homeSlice: 0, slices: 1 },
  ...{ settings: defaultSettings, theme: defaultTheme, identifierKey: Buffer.alloc(0), smtp: null, disabledAt: null },
  consents: [document('terms'), document('news', { kind: 'optional', doubleOptIn: true }), document('partner', { countries: ['FR'] })],
  fields: [
    field('birthdate', { type: 'birth_date', required: true, minimumAge: 16, keep: 'age' }),
    field('name', { type: 'name' }),
    field('colour', { type: 'text', snoozeDays: 0 }),
    field('shoe_size', { type: 'number', clients: ['tv'] }),
    field('nickname', { type: 'text', ask: 'later' }),
  ],
};
const source = { ip: '203.0.113.77', clientId: 'shop', locale: 'en' };
const filled: RegistrationForm = {
  consents: { terms: { version: '1', accepted: true }, news: { version: '1', accepted: true } },
  typed: { birthdate: '1985-02-28', 'name.given_name': 'Anna', 'name.family_name': 'Kern', nickname: 'Änni', shoe_size: '38' },
  country: 'DE',
};
const read = (form: Partial<RegistrationForm> = {}, more: { brand?: Partial<Brand>; claims?: object } = {}) =>
  readRegistration({ ...brand, ...more.brand }, { ...filled, ...form }, { now, source, claims: more.claims });

test('the form has what concerns its country and its app', () => {
  const { consents, fields } = registrationQuestions(brand, { now, clientId: 'shop', country: 'DE' });
  expect(consents.map(({ document }) => document.name)).toEqual(['terms', 'news']);
  expect(fields.map(({ key }) => key)).toEqual(['birthdate', 'name', 'colour']);
  const abroad = registrationQuestions(brand, { now, clientId: 'tv', country: undefined });
  expect(abroad.consents).toHaveLength(3);
  expect(abroad.fields.map(({ key }) => key)).toContain('shoe_size');
});

test('a newcomer’s answers become claims, answers, lines of the ledger and mails to be confirmed', () => {
  const { claims, answers, consents, optIns, faults } = read();
  expect(faults).toEqual([]);
  expect(claims).toEqual({ name: 'Anna Kern', given_name: 'Anna', family_name: 'Kern' });
  expect(answers).toMatchObject({
    birthdate: { value: { minimum_age: 16 }, by: 'person' },
    name: { by: 'person' },
    colour: { again: null },
  });
  expect(answers).not.toHaveProperty('nickname');
  expect(consents.map(({ document, answer, at }) => [document, answer, at])).toEqual([['terms', 'accepted', now.toISOString()]]);
  expect(optIns.map(({ document, answer }) => [document, answer])).toEqual([['news', 'accepted']]);
  expect(JSON.stringify({ claims, answers })).not.toContain('1985');
});

test('all that is wrong with the form is told at once', () => {
  const { faults } = read({ consents: {}, typed: { birthdate: '2015-01-01', 'name.given_name': '\ud800' } });
  expect(faults.map(({ code, field }) => `${code} at ${field}`)).toEqual([
    'under_age at birthdate',
    'name_malformed at name.given_name',
    'consent_required at consent_terms',
  ]);
});

test('what another provider says of a birthday does not open the door to a child', () => {
  const fields = [field('birthdate', { type: 'birth_date', required: true, minimumAge: 16 })];
  const { faults } = read({ typed: { birthdate: '2015-01-01' } }, { brand: { fields }, claims: { birthdate: '2015-01-01' } });
  expect(faults.map(({ code }) => code)).toEqual(['under_age']);
});

test('half a name is not asked for again at once', () => {
  const { answers } = read({ typed: { ...filled.typed, 'name.family_name': '' } });
  expect(answers.name).toMatchObject({ by: 'person', again: '2026-07-15T09:00:00.000Z' });
});

test('without a form nobody was asked', () => {
  const claims = { nickname: 'Änni' };
  const answers = { nickname: { by: 'operator', at: now.toISOString() } };
  expect(readRegistration(brand, undefined, { now, source, claims })).toEqual({ ...nothingAnswered, claims, answers, faults: [] });
});

test('a form of nobody knows where is read like every other', () => {
  const { faults } = readRegistration(brand, { consents: {}, typed: {} }, { now });
  expect(faults.map(({ code }) => code)).toContain('consent_required');
});

test('a registration an older version began is finished with what it remembered', () => {
  const pending = { email: 'anna@example.com', hash: '$argon2id$x', seen: { network: 'unknown' } };
  expect(answersOf({ ...pending, claims: { nickname: 'Änni' } })).toEqual({ ...nothingAnswered, claims: { nickname: 'Änni' } });
  expect(answersOf(pending)).toEqual(nothingAnswered);
  const { faults: _none, ...said } = read();
  expect(answersOf({ ...pending, said })).toEqual(said);
});
