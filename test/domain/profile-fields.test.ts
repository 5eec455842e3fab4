import { type AskedPerson, isDue, profileFieldsClaim, registrationFields, storedValue } from '../../src/domain/profile-capture.ts';
import { fieldDefaults, fieldsOf, isClaimField, type ProfileField } from '../../src/domain/profile-fields.ts';

const field = (key: string, more: Partial<ProfileField> & Pick<ProfileField, 'type'>): ProfileField => ({ ...fieldDefaults, key, ...more });
const keysOf = (fields: readonly ProfileField[]) => fields.map(({ key }) => key);
const anna: AskedPerson = { claims: {}, answers: {}, signIns: 1 };

test('a newcomer is asked what belongs on the form, through the apps it belongs to', () => {
  const fields = fieldsOf({
    fields: [
      field('colour', { type: 'text', ask: 'registration' }),
      field('shoe_size', { type: 'number', ask: 'registration', clients: ['shop'] }),
      field('boats', { type: 'text', ask: 'registration', enabled: false }),
      field('topics', { type: 'text' }),
    ],
  });
  expect(keysOf(registrationFields(fields, { now: new Date(), clientId: 'shop' }))).toEqual(['colour', 'shoe_size']);
  expect(keysOf(registrationFields(fields, { now: new Date() }))).toEqual(['colour']);
  expect(keysOf(fields)).toEqual([
    'given_name',
    'family_name',
    'birthdate',
    'phone_number',
    'locale',
    'colour',
    'shoe_size',
    'boats',
    'topics',
  ]);
});

test('a whole name takes the place of its parts', () => {
  expect(keysOf(fieldsOf({ fields: [field('name', { type: 'name' })] }))).toEqual(['birthdate', 'phone_number', 'locale', 'name']);
});

test('of a birthday nothing but the age is a claim no more', () => {
  expect(isClaimField({ key: 'birthdate', keep: 'value' })).toBe(true);
  expect(isClaimField({ key: 'birthdate', keep: 'age' })).toBe(false);
  for (const key of ['currency', 'company', 'colour', 'constructor']) expect(isClaimField({ key, keep: 'value' })).toBe(false);
});

test('relying parties get the answers that are no standard claims, of questions that are in use and theirs', () => {
  const fields = [
    field('colour', { type: 'text' }),
    field('nickname', { type: 'text' }),
    field('birthdate', { type: 'birth_date', minimumAge: 16, keep: 'age' }),
    field('secret', { type: 'text', enabled: false }),
    field('shoe_size', { type: 'number', clients: ['shop'] }),
    field('topics', { type: 'multi_select' }),
  ];
  const answers = { colour: { value: 'red' }, birthdate: { value: { minimum_age: 16 } }, secret: { value: 'x' }, shoe_size: { value: 0 } };
  const person = { claims: { nickname: 'Änni', birthdate: '1990-01-01' }, answers };
  expect(profileFieldsClaim(fields, person, 'tv')).toEqual({ colour: 'red', birthdate: { minimum_age: 16 } });
  expect(profileFieldsClaim(fields, person, 'shop')).toEqual({ colour: 'red', birthdate: { minimum_age: 16 }, shoe_size: 0 });
});

test('a country alone is no address', () => {
  const [address, country] = [field('address', { type: 'address' }), field('country', { type: 'country' })];
  const bare = { claims: { address: { country: 'DE' } }, answers: {} };
  expect([storedValue(address, bare), storedValue(country, bare)]).toEqual([undefined, 'DE']);
  const whole = { claims: { address: { country: 'DE', locality: 'Hamburg' } }, answers: {} };
  expect(storedValue(address, whole)).toEqual(whole.claims.address);
});

test('a key such as constructor finds nothing that is not stored', () => {
  expect(storedValue(field('constructor', { type: 'text' }), anna)).toBeUndefined();
  expect(isDue(field('constructor', { type: 'text' }), anna, { now: new Date() })).toBe(true);
});
