import type { AccountClaims } from '../../src/domain/claims.ts';
import { applyAnswers, type Profile, provenanceOf, readGiven, readTyped, snooze } from '../../src/domain/profile-answers.ts';
import { fieldDefaults, type ProfileField } from '../../src/domain/profile-fields.ts';
import type { Typed } from '../../src/domain/profile-values.ts';

const now = new Date('2026-06-15T09:00:00.000Z');
const reading = { today: '2026-06-15', demands: () => true };
const source = { by: 'person', at: now, clientId: 'shop' } as const;
const provenance = { by: 'person', at: now.toISOString(), clientId: 'shop' };

const field = (key: string, more: Partial<ProfileField> & Pick<ProfileField, 'type'>): ProfileField => ({ ...fieldDefaults, key, ...more });
const nickname = field('nickname', { type: 'text' });
const colour = field('colour', { type: 'text' });
const name = field('name', { type: 'name' });
const address = field('address', { type: 'address' });
const country = field('country', { type: 'country' });
const phone = field('phone_number', { type: 'phone' });
const birthdate = field('birthdate', { type: 'birth_date', minimumAge: 16 });
const options = ['sea', 'air'].map((value) => ({ value, label: { en: value } }));

const nobody: Profile = { claims: {}, answers: {} };
const withClaims = (claims: AccountClaims): Profile => ({ claims, answers: {} });
const apply = (before: Profile, entries: [ProfileField, unknown][], { erases = false, ...from } = {}) =>
  applyAnswers(before, new Map(entries), { ...source, ...from }, { erases });
const faultsOf = (fields: ProfileField[], typed: Typed, before = nobody) =>
  readTyped(fields, typed, before, reading).faults.map(({ code, field }) => `${code} at ${field}`);

/** A whole page as it is sent: what it says of `fields`, put into the profile. */
function save(before: Profile, fields: ProfileField[], typed: Typed) {
  const { values, faults } = readTyped(fields, typed, before, { ...reading, demands: () => false });
  expect(faults).toEqual([]);
  return applyAnswers(before, values, source, { erases: true });
}

test('a standard claim stands among the claims, another answer beside them, each with who gave it, when and through what', () => {
  const after = apply(nobody, [
    [nickname, 'Änni'],
    [colour, 'red'],
  ]);
  expect(after).toEqual({
    claims: { nickname: 'Änni' },
    answers: { nickname: provenance, colour: { value: 'red', ...provenance } },
    changed: ['colour', 'nickname'],
  });
  const { answers } = applyAnswers(nobody, new Map([[colour, 'red']]), { by: 'import', at: now });
  expect(answers).toEqual({ colour: { value: 'red', by: 'import', at: now.toISOString() } });
});

test('the same answer again changes nothing, nor who gave it', () => {
  const before = { claims: { nickname: 'Änni' }, answers: { colour: { value: 'red', by: 'import' as const } } };
  const again: [ProfileField, unknown][] = [
    [nickname, 'Änni'],
    [colour, 'red'],
  ];
  expect(apply(before, again)).toEqual({ ...before, changed: [] });
});

test('claims that came with an account know who brought them', () => {
  const claims = { given_name: 'Anna', picture: 'https://x.example/a.png', address: { country: 'DE' } };
  const brought = { by: 'import', at: now.toISOString() };
  expect(provenanceOf(claims, { by: 'import', at: now })).toEqual({ given_name: brought, address: brought });
});

test('the profile before is left as it was', () => {
  const before = { claims: { address: { country: 'DE' } }, answers: {} };
  apply(before, [[address, { locality: 'Bremen' }]]);
  expect(before).toEqual({ claims: { address: { country: 'DE' } }, answers: {} });
});

test('null takes nothing away; what is unknown or not in use is refused by its name', () => {
  const off = field('secret', { type: 'text', enabled: false });
  const before = apply(nobody, [[colour, 'red']]);
  const given = JSON.parse('{"colour": null, "nickname": null, "secret": "x", "constructor": "x", "__proto__": {"colour": "x"}}');
  const { values, faults } = readGiven([colour, nickname, off], given, reading);
  expect(applyAnswers(before, values, source).changed).toEqual([]);
  expect(faults.map(({ code, field }) => [code, field])).toEqual([
    ['field_disabled', 'secret'],
    ['field_unknown', 'constructor'],
    ['field_unknown', '__proto__'],
  ]);
});

test('null in one part of a name takes nothing away either', () => {
  const before = withClaims({ given_name: 'Anna', family_name: 'Kern' });
  const { values } = readGiven([name], { name: { given_name: 'Ann', family_name: null } }, reading);
  expect(applyAnswers(before, values, source).claims).toMatchObject({ given_name: 'Ann', family_name: 'Kern' });
});

test('only on their own page people take an answer away by emptying it', () => {
  const before = apply(nobody, [
    [nickname, 'Änni'],
    [colour, 'red'],
  ]);
  const emptied: [ProfileField, unknown][] = [
    [nickname, undefined],
    [colour, undefined],
  ];
  expect(apply(before, emptied).changed).toEqual([]);
  expect(apply(before, emptied, { erases: true })).toEqual({ claims: {}, answers: {}, changed: ['colour', 'nickname'] });
});

test('everything that is wrong with a page is told at once, and the rest is read', () => {
  const { values, faults } = readTyped([nickname, phone, country], { nickname: 'Änni', phone_number: 'x', country: 'x' }, nobody, reading);
  expect([...values.values()]).toEqual(['Änni']);
  expect(faults.map(({ field }) => field)).toEqual(['phone_number', 'country']);
});

test.each<[string, ProfileField, Typed]>([
  ['nickname', nickname, { nickname: ' ' }],
  ['name.given_name', name, {}],
  ['name.family_name', name, { 'name.given_name': 'Anna' }],
  ['address.street_address', address, { 'address.country': 'DE' }],
  ['address.postal_code', address, { 'address.street_address': 'Kai 1', 'address.locality': 'Hamburg' }],
  ['address.country', address, { 'address.street_address': 'Kai 1', 'address.locality': 'Hamburg', 'address.postal_code': '20457' }],
  ['topics.sea', field('topics', { type: 'multi_select', options }), {}],
  ['letters', field('letters', { type: 'checkbox' }), {}],
  ['boats', field('boats', { type: 'group', items: [colour] }), {}],
  ['birthdate', birthdate, {}],
])('what is missing is demanded at the input %s', (input, one, typed) => {
  expect(faultsOf([{ ...one, required: true }], typed)).toEqual([`answer_required at ${input}`]);
  expect(faultsOf([one], typed)).toEqual([]);
  const { faults } = readTyped([{ ...one, required: true }], typed, nobody, { ...reading, demands: () => false });
  expect(faults).toEqual([]);
});

test('a whole name made of its parts goes on being so, one of its own stays', () => {
  const parts = { given_name: 'Anna', family_name: 'Kern' };
  const married: [ProfileField, unknown][] = [[name, { given_name: 'Anna', family_name: 'Sand' }]];
  expect(apply(withClaims({ ...parts, name: 'Anna Kern' }), married).claims.name).toBe('Anna Sand');
  expect(apply(withClaims({ ...parts, name: 'Dr. Anna Kern' }), married).claims.name).toBe('Dr. Anna Kern');
  expect(apply(withClaims(parts), married).claims).not.toHaveProperty('name');
  expect(apply(nobody, married)).toMatchObject({ claims: { name: 'Anna Sand' }, changed: ['family_name', 'given_name', 'name'] });
  const gone = apply(withClaims({ ...parts, name: 'Anna Kern' }), [[name, undefined]], { erases: true });
  expect(gone.claims).toEqual({});
});

test('a whole name that is too long is not cut in the middle of a character', () => {
  const { claims } = apply(nobody, [[name, { given_name: 'x'.repeat(100), family_name: `${'y'.repeat(98)}\u{20000}` }]]);
  expect(claims.name?.length).toBeLessThanOrEqual(200);
  expect(claims.name?.isWellFormed()).toBe(true);
});

test('another number is not proved any more, the same one is', () => {
  const before = withClaims({ phone_number: '+4930123456', phone_number_verified: true });
  expect(apply(before, [[phone, '+4930123456']]).claims.phone_number_verified).toBe(true);
  expect(apply(before, [[phone, '+4930123457']]).claims).toEqual({ phone_number: '+4930123457' });
  expect(apply(before, [[phone, undefined]], { erases: true }).claims).toEqual({});
});

test('a country asked for by itself and an address live in one claim', () => {
  const parcel = { street_address: 'Kai 1', postal_code: '20457', locality: 'Hamburg', country: 'DE' };
  expect(apply(nobody, [[country, 'DE']]).claims).toEqual({ address: { country: 'DE' } });
  expect(apply(withClaims({ address: parcel }), [[country, 'AT']]).claims.address).toEqual({ ...parcel, country: 'AT' });
  expect(apply(withClaims({ address: { country: 'DE' } }), [[address, { locality: 'Bremen' }]]).claims.address).toEqual({
    ...{ locality: 'Bremen', country: 'DE' },
  });
  const said = { ...withClaims({ address: parcel }), answers: { country: { by: 'person' as const } } };
  expect(apply(said, [[address, undefined]], { erases: true }).claims).toEqual({ address: { country: 'DE' } });
  expect(apply(withClaims({ address: parcel }), [[address, undefined]], { erases: true }).claims).toEqual({});
  expect(apply(withClaims({ address: { country: 'DE' } }), [[country, undefined]], { erases: true }).claims).toEqual({});
});

test('of a birthday only what is needed is kept, and a date kept before goes', () => {
  const age = { ...birthdate, keep: 'age' as const };
  const after = apply({ claims: { birthdate: '1985-02-28' }, answers: {} }, [[age, '1985-02-28']]);
  expect(after).toEqual({ claims: {}, answers: { birthdate: { value: { minimum_age: 16 }, ...provenance } }, changed: ['birthdate'] });
  expect(JSON.stringify(after)).not.toContain('1985');
});

test('what stands already may come back as it is, however it came there', () => {
  expect(save(withClaims({ phone_number: '+16045551234;ext=5678' }), [phone], { phone_number: '+16045551234;ext=5678' }).changed).toEqual(
    [],
  );
  const gone = field('topic', { type: 'select', options });
  expect(save({ claims: {}, answers: { topic: { value: 'rail' } } }, [gone], { topic: 'rail' }).changed).toEqual([]);
});

test('a number that stands already may come back as it is shown', () => {
  const ratio = field('ratio', { type: 'number' });
  for (const value of [0.1 + 0.2, 1e21, 1e-7]) {
    const before = { claims: {}, answers: { ratio: { value } } };
    const { faults } = readTyped([ratio], { ratio: String(value) }, before, reading);
    expect(faults).toEqual([]);
  }
});

test('an address that no form of ours made survives a page on which nobody touched it', () => {
  const formatted = withClaims({ address: { formatted: 'Kai 1\n20457 Hamburg' } });
  expect(save(formatted, [address, nickname], { nickname: 'Änni' }).claims.address).toEqual(formatted.claims.address);
  const both = withClaims({ address: { formatted: 'Kai 1\nHamburg', street_address: 'Kai 1', locality: 'Hamburg' } });
  const shown = { 'address.street_address': 'Kai 1', 'address.line2': '', 'address.locality': 'Hamburg' };
  expect(save(both, [address], shown).claims.address).toEqual(both.claims.address);
});

test('a date that proves no age is refused, also when it stands already', () => {
  const child = withClaims({ birthdate: '2015-01-01' });
  expect(faultsOf([birthdate], { birthdate: '2015-01-01' }, child)).toEqual(['under_age at birthdate']);
  expect(faultsOf([birthdate], { birthdate: '1985' }, withClaims({ birthdate: '1985' }))).toEqual(['birthdate_invalid at birthdate']);
});

test('what was skipped comes back after its days or never, what did not fit tomorrow, and answers stay', () => {
  const answers = { colour: { value: 'red', by: 'person' as const } };
  const [never, soon] = [field('topic', { type: 'text', snoozeDays: 0 }), { ...colour, snoozeDays: 30 }];
  expect(snooze(answers, [never, soon], [phone], now)).toEqual({
    topic: { again: null },
    colour: { value: 'red', by: 'person', again: '2026-07-15T09:00:00.000Z' },
    phone_number: { again: '2026-06-16T09:00:00.000Z' },
  });
  expect(apply({ claims: {}, answers: { colour: { again: null } } }, [[colour, 'red']]).answers.colour).not.toHaveProperty('again');
});
