import { type FieldOption, type FieldType, fieldDefaults, type ProfileField } from '../../src/domain/profile-fields.ts';
import { dayOf, isOldEnough } from '../../src/domain/profile-texts.ts';
import { givenAnswer, typedAnswer } from '../../src/domain/profile-values.ts';
import { Refusal } from '../../src/errors.ts';

const today = { today: '2026-06-15' };
const field = (type: FieldType, more: Partial<ProfileField> = {}): ProfileField => ({ ...fieldDefaults, key: 'asked', type, ...more });
const options: FieldOption[] = ['sea', 'air'].map((value) => ({ value, label: { en: value } }));

/** What a refusal says, and where; what was read otherwise. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} at ${error.field}`;
    throw error;
  }
}
const typed = (one: ProfileField, text: string) => outcome(() => typedAnswer(one, { asked: text }, today));
const given = (one: ProfileField, value: unknown) => outcome(() => givenAnswer(one, value, today));

test.each<[FieldType, Partial<ProfileField>, string, unknown]>([
  ['text', {}, '  a  b ', 'a b'],
  ['text', {}, 'A\u0308nni', 'Änni'],
  ['text', {}, '<script>alert("1")</script> & \'co\'', '<script>alert("1")</script> & \'co\''],
  ['text', { rules: { minLength: 3, maxLength: 3 } }, 'abc', 'abc'],
  ['text', { rules: { mask: 'AA-9*' } }, 'Ää-7z', 'Ää-7z'],
  ['date', { rules: { earliest: '2024-02-29', latest: '2024-02-29' } }, '2024-02-29', '2024-02-29'],
  ['phone', {}, ' (0049) 30/123-456\u2010 7', '+49301234567'],
  ['email', {}, ' Anna@example.com ', 'Anna@example.com'],
  ['url', {}, 'https://x.example/?y=ä', 'https://x.example/?y=ä'],
  ['country', {}, 'DE', 'DE'],
  ['currency', {}, 'EUR', 'EUR'],
  ['locale', {}, 'de-CH', 'de-CH'],
  ['select', { options }, 'sea', 'sea'],
  ['radio', { options }, 'air', 'air'],
  ['birth_date', {}, '1985', '1985'],
  ['birth_date', {}, '0000-02-29', '0000-02-29'],
  ['birth_date', {}, '2026-06-15', '2026-06-15'],
  ['birth_date', { minimumAge: 16 }, '2010-06-15', '2010-06-15'],
  ['company', {}, 'Roast & Co.', 'Roast & Co.'],
])('a %s (%j) takes %j, typed and as JSON, and again as it was kept', (type, more, text, value) => {
  expect(typed(field(type, more), text)).toEqual(value);
  expect(given(field(type, more), text)).toEqual(value);
  expect(given(field(type, more), value)).toEqual(value);
});

test.each<[FieldType, Partial<ProfileField>, string, string]>([
  ['text', { rules: { minLength: 3 } }, 'ab', 'answer_too_short'],
  ['text', { rules: { mask: 'AA-99' } }, 'AB-1x', 'answer_mask'],
  ['text', { rules: { mask: 'AA-99' } }, 'AB-123', 'answer_mask'],
  ['text', {}, 'a\u0000b', 'answer_malformed'],
  ['text', {}, 'a\nb', 'answer_malformed'],
  ['text', {}, 'a\ud800', 'answer_malformed'],
  ['date', {}, '2023-02-29', 'date_invalid'],
  ['date', {}, '29.02.2024', 'date_invalid'],
  ['date', {}, '0000-12-24', 'date_invalid'],
  ['date', { rules: { earliest: '2024-01-01' } }, '2023-12-31', 'date_early'],
  ['date', { rules: { latest: '2024-01-01' } }, '2024-01-02', 'date_late'],
  ['phone', {}, '030 123456', 'phone_number_invalid'],
  ['phone', {}, '+49', 'phone_number_invalid'],
  ['email', {}, 'Anna <anna@example.com>', 'email_invalid'],
  ['url', {}, 'javascript:alert(1)', 'url_invalid'],
  ['url', {}, 'http://x.example', 'url_invalid'],
  ['url', {}, 'https://a:b@x.example', 'url_invalid'],
  ['country', {}, 'Germany', 'choice_unknown'],
  ['currency', {}, 'XYZ', 'choice_unknown'],
  ['currency', { options: [{ value: 'CHF', label: {} }] }, 'EUR', 'choice_unknown'],
  ['locale', {}, 'not a locale', 'locale_invalid'],
  ['select', { options }, 'rail', 'choice_unknown'],
  ['radio', { options }, 'constructor', 'choice_unknown'],
  ['birth_date', {}, '2026-06-17', 'birthdate_invalid'],
  ['birth_date', {}, '15.06.1985', 'birthdate_invalid'],
  ['birth_date', { minimumAge: 16 }, '1985', 'birthdate_invalid'],
  ['birth_date', { minimumAge: 16 }, '0000-01-01', 'birthdate_invalid'],
  ['birth_date', { minimumAge: 16 }, '2010-06-16', 'under_age'],
])('a %s (%j) does not take %j: %s', (type, more, text, code) => {
  expect(typed(field(type, more), text)).toBe(`${code} at asked`);
  expect(given(field(type, more), text)).toBe(`${code} at asked`);
});

test.each(['text', 'company', 'phone', 'email', 'url', 'country', 'date', 'locale', 'birth_date'] as const)(
  'thousands of characters are no %s, and are told apart from a slip',
  (type) => {
    expect(typed(field(type), 'x'.repeat(4_001))).toBe('answer_too_long at asked');
    expect(given(field(type, { rules: { maxLength: 2_000 } }), 'x'.repeat(4_001))).toBe('answer_too_long at asked');
  },
);

test('an address of the web may be longer than other texts', () => {
  const url = `https://x.example/${'y'.repeat(1_900)}`;
  expect(typed(field('url'), url)).toBe(url);
  expect(typed(field('text'), url)).toBe('answer_too_long at asked');
});

test('born on the 29th of February, people come of age on the 1st of March', () => {
  expect(isOldEnough('2008-02-29', 18, '2026-02-28')).toBe(false);
  expect(isOldEnough('2008-02-29', 18, '2026-03-01')).toBe(true);
  expect(isOldEnough('2008-02-29', 16, '2024-02-29')).toBe(true);
  expect(dayOf(new Date('2026-02-28T23:59:00Z'))).toBe('2026-02-28');
});
