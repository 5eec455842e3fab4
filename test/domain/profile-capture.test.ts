import fc from 'fast-check';
import { applyAnswers, snooze } from '../../src/domain/profile-answers.ts';
import {
  type AskedPerson,
  dueFields,
  isAnswered,
  isDue,
  type ProfileAnswer,
  progressOf,
  questionsOf,
  shouldCaptureBeDisplayed,
} from '../../src/domain/profile-capture.ts';
import { fieldDefaults, type ProfileField } from '../../src/domain/profile-fields.ts';
import { dayOf } from '../../src/domain/profile-texts.ts';
import { typedAnswer } from '../../src/domain/profile-values.ts';

const DAY = 86_400_000;
const now = new Date('2026-06-15T09:00:00.000Z');
const day = (days: number) => new Date(now.getTime() + days * DAY).toISOString();
const field = (key: string, more: Partial<ProfileField> & Pick<ProfileField, 'type'>): ProfileField => ({ ...fieldDefaults, key, ...more });
const keysOf = (fields: readonly ProfileField[]) => fields.map(({ key }) => key);

/** What may be stored of a question, and whether that answers it: always, never, or only one that need not be answered. */
interface Kind {
  field: Partial<ProfileField> & Pick<ProfileField, 'key' | 'type'>;
  stored: [value: unknown, answers: 'yes' | 'no' | 'optional'][];
  /** What a person would say, wholly and in part. */
  whole: unknown;
  part?: unknown;
}
const parcel = { street_address: 'Kai 1', postal_code: '20457', locality: 'Hamburg', country: 'DE' };
const kinds: Kind[] = [
  {
    field: { key: 'colour', type: 'text' },
    stored: [
      ['red', 'yes'],
      ['', 'no'],
      [null, 'no'],
    ],
    whole: 'blue',
  },
  { field: { key: 'shoe_size', type: 'number' }, stored: [[0, 'yes']], whole: 42 },
  {
    field: { key: 'letters', type: 'checkbox' },
    stored: [
      [true, 'yes'],
      [false, 'optional'],
    ],
    whole: true,
  },
  {
    field: { key: 'topics', type: 'multi_select' },
    stored: [
      [['sea'], 'yes'],
      [[], 'no'],
    ],
    whole: ['sea', 'air'],
  },
  {
    field: { key: 'boats', type: 'group' },
    stored: [
      [[{ length: 4 }], 'yes'],
      [[], 'no'],
    ],
    whole: [{ length: 5 }],
  },
  { field: { key: 'nickname', type: 'text' }, stored: [['Änni', 'yes']], whole: 'Anna' },
  {
    field: { key: 'name', type: 'name' },
    stored: [
      [{ given_name: 'Anna', family_name: 'Kern' }, 'yes'],
      [{ given_name: 'Anna' }, 'no'],
      [{ family_name: 'Kern' }, 'no'],
    ],
    ...{ whole: { given_name: 'Anna', family_name: 'Kern' }, part: { given_name: 'Ann' } },
  },
  {
    field: { key: 'address', type: 'address' },
    stored: [
      [parcel, 'yes'],
      [{ formatted: 'Kai 1\n20457 Hamburg' }, 'yes'],
      [{ country: 'DE' }, 'no'],
      [{ ...parcel, postal_code: '' }, 'no'],
    ],
    ...{ whole: parcel, part: { locality: 'Bremen' } },
  },
  {
    field: { key: 'birthdate', type: 'birth_date', minimumAge: 16 },
    stored: [
      ['1990-01-01', 'yes'],
      ['2010-06-14', 'yes'],
      ['2010-12-20', 'no'],
      ['1990', 'no'],
    ],
    whole: '1985-02-28',
  },
  {
    field: { key: 'birthdate', type: 'birth_date', minimumAge: 16, keep: 'age' },
    stored: [
      [{ minimum_age: 16 }, 'yes'],
      [{ minimum_age: 18 }, 'yes'],
      [{ minimum_age: 15 }, 'no'],
    ],
    whole: '1985-02-28',
  },
];

/** A question as a brand defines it, and what happened to it so far. */
interface Situation {
  field: ProfileField;
  kind: Kind;
  stored: Kind['stored'][number] | undefined;
  again: string | null | undefined;
}
const anySituation: fc.Arbitrary<Situation> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    enabled: fc.constantFrom(true, true, true, false),
    required: fc.boolean(),
    clients: fc.constantFrom(null, null, ['shop']),
    ask: fc.constantFrom<ProfileField['ask']>('registration', 'later', 'later', 'account'),
    fromSignIn: fc.integer({ min: 1, max: 3 }),
    snoozeDays: fc.constantFrom(0, 1, 30),
    stored: fc.nat(8),
    again: fc.constantFrom(undefined, undefined, null, day(-1), day(0), day(1)),
  })
  .map(({ kind, stored, again, ...rules }) => ({
    ...{ kind, stored: kind.stored[stored], again },
    field: { ...fieldDefaults, ...rules, ...kind.field },
  }));
const anyPage = fc.record({
  asked: fc.uniqueArray(anySituation, { maxLength: 7, selector: ({ field }) => field.key }),
  signIns: fc.integer({ min: 1, max: 4 }),
  clientId: fc.constantFrom(undefined, 'shop', 'tv'),
  atOnce: fc.integer({ min: 1, max: 4 }),
});

function personOf(situations: readonly Situation[], signIns: number): AskedPerson {
  const answers: Record<string, ProfileAnswer> = {};
  const claims: Record<string, unknown> = {};
  for (const { field, stored, again } of situations) {
    if (again !== undefined) answers[field.key] = { again };
    if (!stored) continue;
    const isClaim = ['nickname', 'name', 'address'].includes(field.key) || (field.key === 'birthdate' && field.keep === 'value');
    if (field.key === 'name') Object.assign(claims, stored[0]);
    else if (isClaim) claims[field.key] = stored[0];
    else answers[field.key] = { ...answers[field.key], value: stored[0] };
  }
  return { claims, answers, signIns };
}

/** The rules as a person would read them out. */
function isExpected({ field, stored, again }: Situation, signIns: number, clientId: string | undefined): boolean {
  if (!field.enabled) return false;
  if (field.clients && !field.clients.some((client) => client === clientId)) return false;
  if (field.ask === 'account') return false;
  if (signIns < field.fromSignIn) return false;
  if (!field.required && again === null) return false;
  if (!field.required && again && new Date(again) > now) return false;
  if (stored === undefined || stored[1] === 'no') return true;
  return stored[1] === 'optional' && field.required;
}

test('what is due is what the rules say, required questions first, for whatever a brand asks and whoever comes', () => {
  fc.assert(
    fc.property(anyPage, ({ asked, signIns, clientId, atOnce }) => {
      const [fields, person, moment] = [asked.map(({ field }) => field), personOf(asked, signIns), { now, clientId }];
      const due = asked.filter((one) => isExpected(one, signIns, clientId)).map(({ field }) => field);
      const ordered = keysOf([...due.filter(({ required }) => required), ...due.filter(({ required }) => !required)]);
      expect(keysOf(fields.filter((one) => isDue(one, person, moment)))).toEqual(keysOf(due));
      expect(keysOf(dueFields(fields, person, moment))).toEqual(ordered);
      expect(shouldCaptureBeDisplayed(fields, person, moment)).toBe(due.some(({ required }) => required));
      const page = questionsOf(fields, person, moment, atOnce);
      const optional = keysOf(due.filter(({ required }) => !required));
      expect(keysOf(page.asked)).toEqual(ordered.slice(0, atOnce));
      expect(keysOf(page.waiting)).toEqual(ordered.slice(atOnce).filter((key) => optional.includes(key)));
      expect(page.asked.some(({ enabled }) => !enabled)).toBe(false);
      const { answered, of } = progressOf(fields, person, moment);
      expect(answered).toBeLessThanOrEqual(of);
    }),
    { numRuns: 500 },
  );
});

test('nobody is asked twice: what was on the page is answered, or not due until its snooze is over', () => {
  const anySaid = fc.array(fc.constantFrom('whole', 'part', 'nothing'), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(anyPage, anySaid, ({ asked, signIns, clientId, atOnce }, said) => {
      const [fields, before, moment] = [asked.map(({ field }) => field), personOf(asked, signIns), { now, clientId }];
      const page = questionsOf(fields, before, moment, atOnce);
      const values = page.asked.map((one, index): [ProfileField, unknown] => {
        const { kind } = asked.find(({ field }) => field === one) as Situation;
        const much = one.required ? 'whole' : said[index];
        return [one, much === 'nothing' ? undefined : much === 'part' ? (kind.part ?? kind.whole) : kind.whole];
      });
      const applied = applyAnswers(before, new Map(values), { by: 'person', at: now, clientId });
      const open = page.asked.filter((one) => !isAnswered(one, applied, now));
      const after = { ...before, ...applied, answers: snooze(applied.answers, open, page.waiting, now) };
      // Required ones that did not fit stand on the next page.
      const next = dueFields(fields, before, moment).slice(atOnce);
      expect(keysOf(dueFields(fields, after, moment))).toEqual(keysOf(next.filter(({ required }) => required)));
      const later = { ...moment, now: new Date(now.getTime() + 31 * DAY) };
      const comesBack = (one: ProfileField) => page.waiting.includes(one) || (open.includes(one) && one.snoozeDays > 0);
      for (const one of [...page.asked, ...page.waiting]) expect([one.key, isDue(one, after, later)]).toEqual([one.key, comesBack(one)]);
    }),
    { numRuns: 500 },
  );
});

const anna: AskedPerson = { claims: {}, answers: {}, signIns: 1 };

test('nobody is old enough on the day before, in whatever place it has ended already', () => {
  const birthdate = field('birthdate', { type: 'birth_date', required: true, minimumAge: 16 });
  const [eve, day] = [new Date('2026-06-14T23:59:00Z'), new Date('2026-06-15T00:00:00Z')];
  const answer = (now: Date) => typedAnswer(birthdate, { birthdate: '2010-06-15' }, { today: dayOf(now) });
  // It is the 15th in Kiritimati for long.
  expect(() => answer(eve)).toThrow('under_age');
  expect(isDue(birthdate, { ...anna, claims: { birthdate: answer(day) as string } }, { now: day })).toBe(false);
  expect(isDue(birthdate, { ...anna, claims: { birthdate: '2010-06-15' } }, { now: eve })).toBe(true);
});

test('a birthday without a year proves no age', () => {
  const birthdate = field('birthdate', { type: 'birth_date', required: true, minimumAge: 18 });
  // OpenID Connect Core 5.1: the year may be 0000.
  expect(isDue(birthdate, { ...anna, claims: { birthdate: '0000-05-05' } }, { now })).toBe(true);
  expect(isDue({ ...birthdate, minimumAge: null }, { ...anna, claims: { birthdate: '0000-05-05' } }, { now })).toBe(false);
});

test('a question skipped for years, or for good, comes back once the brand demands it', () => {
  for (const again of [null, day(3_650)]) {
    const skipped = { ...anna, answers: { colour: { again } } };
    expect(isDue(field('colour', { type: 'text' }), skipped, { now })).toBe(false);
    expect(shouldCaptureBeDisplayed([field('colour', { type: 'text', required: true })], skipped, { now })).toBe(true);
  }
});

test('an answer from when a question was of another kind is none', () => {
  const options = [{ value: 'a', label: { en: 'A' } }];
  const kinds: [Partial<ProfileField> & Pick<ProfileField, 'type'>, unknown][] = [
    [{ type: 'multi_select', options }, 'a'],
    [{ type: 'radio', options }, ['a']],
    [{ type: 'checkbox' }, 'yes'],
    [{ type: 'number' }, '1'],
    [{ type: 'text' }, [{ a: 'b' }]],
    [{ type: 'group', items: [field('size', { type: 'number' })] }, [{ size: 'small' }]],
    [{ type: 'group', items: [field('size', { type: 'number' })] }, 'small'],
  ];
  for (const [kind, value] of kinds) expect(isDue(field('asked', kind), { ...anna, answers: { asked: { value } } }, { now })).toBe(true);
});

test('a session from before sign-ins were counted is asked like every other', () => {
  expect(isDue(field('colour', { type: 'text' }), { ...anna, signIns: 0 }, { now })).toBe(true);
  expect(isDue(field('colour', { type: 'text', fromSignIn: 2 }), { ...anna, signIns: 0 }, { now })).toBe(false);
});

test('a date from before only the age was to be kept proves it as well', () => {
  const birthdate = field('birthdate', { type: 'birth_date', required: true, minimumAge: 16, keep: 'age' });
  expect(isDue(birthdate, { ...anna, claims: { birthdate: '1990-06-24' } }, { now })).toBe(false);
  expect(isDue(birthdate, { ...anna, claims: { birthdate: '2015-06-24' } }, { now })).toBe(true);
});
