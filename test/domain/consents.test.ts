import fc from 'fast-check';
import {
  type AccountConsents,
  applicableVersion,
  type ConsentAnswer,
  type ConsentDocument,
  type ConsentKind,
  type ConsentMoment,
  type ConsentVersion,
  concerningConsents,
  consentClaims,
  consentsToAsk,
  deferConsents,
  noConsents,
  textHash,
} from '../../src/domain/consents.ts';

const DAY = 86_400_000;
const now = new Date('2026-06-15T00:00:00.000Z');
const day = (days: number) => new Date(now.getTime() + days * DAY).toISOString();

function version(number: number, more: Partial<ConsentVersion> = {}): ConsentVersion {
  const everybody = { url: null, clients: null, countries: null, graceDays: 0, doubleOptIn: false };
  return { ...everybody, version: number, kind: 'required', effectiveAt: day(-100), texts: { en: 'I agree' }, cutoff: number, ...more };
}
const document = (name: string, ...versions: ConsentVersion[]): ConsentDocument => ({ name, owner: 'brand', enabled: true, versions });
const said = (version: number, answer: ConsentAnswer = 'accepted', at = day(-50)) => ({ version, answer, at, line: 1 });
const knows = (current: AccountConsents['current'], more: Partial<AccountConsents> = {}) => ({ ...noConsents, ...more, current });
const brief = (asked: ReturnType<typeof consentsToAsk>) =>
  asked.map(({ document, version, reason, must }) => ({ name: document.name, version: version.version, reason, must }));

// Whole days, so that the very moments at which something begins or ends come up.
const anyVersion = fc.record({
  kind: fc.constantFrom<ConsentKind>('required', 'required', 'optional'),
  clients: fc.constantFrom(null, null, ['shop'], ['shop', 'app']),
  countries: fc.constantFrom(null, null, ['DE'], ['AT', 'FR']),
  cutoff: fc.integer({ min: 1, max: 4 }),
  graceDays: fc.constantFrom(0, 1, 10, 30),
  days: fc.constantFrom(-40, -30, -10, -1, 0, 1),
});
const anyVersions = fc.array(anyVersion, { minLength: 1, maxLength: 4 }).map((given) => {
  const days = given.map((one) => one.days).sort((one, other) => one - other);
  return given.map(({ days: _days, ...one }, index) =>
    version(index + 1, { ...one, cutoff: Math.min(one.cutoff, index + 1), effectiveAt: day(days[index] as number) }),
  );
});
const perhaps = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const number = fc.integer({ min: 1, max: 4 });
const anyAnswer = fc.constantFrom<ConsentAnswer>('accepted', 'accepted', 'declined', 'withdrawn');
const anyHistory = fc.record({
  enabled: fc.constantFrom(true, true, true, false),
  versions: anyVersions,
  last: perhaps(fc.tuple(number, anyAnswer).map(([version, answer]) => said(version, answer))),
  deferred: perhaps(fc.record({ version: number, until: fc.constantFrom(-1, 0, 1).map(day) })),
  pending: perhaps(fc.record({ version: number, at: fc.constantFrom(-8, -7, -6, 0).map(day) })),
});
const moment = fc.record({
  now: fc.constant(now),
  clientId: fc.constantFrom(undefined, 'shop', 'app', 'tv'),
  country: fc.constantFrom(undefined, 'DE', 'FR', 'US'),
});
const anySituation = fc.tuple(fc.array(anyHistory, { minLength: 1, maxLength: 3 }), moment).map(([histories, moment]) => {
  const named = histories.map((history, index) => ({ name: `doc_${index}`, ...history }));
  const entries = <Value>(of: (history: (typeof histories)[number]) => Value | undefined) =>
    Object.fromEntries(named.filter(of).map((history) => [history.name, of(history) as Value]));
  const documents = named.map(({ name, enabled, versions }) => ({ ...document(name, ...versions), enabled }));
  const more = { deferred: entries((one) => one.deferred), pending: entries((one) => one.pending) };
  return {
    documents,
    consents: knows(
      entries((one) => one.last),
      more,
    ),
    moment,
  };
});

/** The rules as a person would read them out, one after the other. */
function expectedVersion({ enabled, versions }: ConsentDocument, moment: ConsentMoment): ConsentVersion | undefined {
  let newest: ConsentVersion | undefined;
  for (const one of enabled ? versions : []) {
    const hasBegun = new Date(one.effectiveAt) <= moment.now;
    const isThroughIt = one.clients === null || one.clients.some((client) => client === moment.clientId);
    const isFromThere = one.countries === null || moment.country === undefined || one.countries.some((code) => code === moment.country);
    if (hasBegun && isThroughIt && isFromThere && one.version > (newest?.version ?? 0)) newest = one;
  }
  return newest;
}

function expectedQuestions(documents: readonly ConsentDocument[], consents: AccountConsents, moment: ConsentMoment, silent: boolean) {
  const list: ReturnType<typeof brief> = [];
  let stops = false;
  for (const one of documents) {
    const newest = expectedVersion(one, moment);
    if (!newest) continue;
    const last = consents.current[one.name];
    const acceptedOnce = last !== undefined && last.answer === 'accepted';
    if (acceptedOnce && last.version >= newest.cutoff) continue;
    const reason = acceptedOnce ? ('renewed' as const) : ('fresh' as const);
    if (newest.kind === 'optional') {
      const waiting = consents.pending?.[one.name];
      const isWaiting = waiting !== undefined && moment.now.getTime() - Date.parse(waiting.at) < 7 * DAY;
      if ((last === undefined || acceptedOnce) && !isWaiting) list.push({ name: one.name, version: newest.version, reason, must: false });
      continue;
    }
    const graceEnds = Date.parse(newest.effectiveAt) + newest.graceDays * DAY;
    const must = !acceptedOnce || moment.now.getTime() >= graceEnds;
    list.push({ name: one.name, version: newest.version, reason, must });
    const put = consents.deferred?.[one.name];
    const isPutOff = put !== undefined && put.version === newest.version && Date.parse(put.until) > moment.now.getTime();
    if (must || (!silent && !isPutOff)) stops = true;
  }
  return stops ? list : [];
}

test('what is asked is what the rules say, for whatever a brand publishes and whatever somebody answered', () => {
  fc.assert(
    fc.property(anySituation, fc.boolean(), ({ documents, consents, moment }, silent) => {
      for (const one of documents) expect(applicableVersion(one, moment)).toBe(expectedVersion(one, moment));
      expect(brief(consentsToAsk(documents, consents, moment, { silent }))).toEqual(expectedQuestions(documents, consents, moment, silent));
    }),
    { numRuns: 600 },
  );
});

test('whoever accepts everything they are asked is asked nothing more', () => {
  fc.assert(
    fc.property(anySituation, ({ documents, consents, moment }) => {
      const accepted = consentsToAsk(documents, consents, moment).map(({ document, version }) => [document.name, said(version.version)]);
      const after = { ...consents, current: { ...consents.current, ...Object.fromEntries(accepted) } };
      expect(consentsToAsk(documents, after, moment)).toEqual([]);
      expect(consentsToAsk(documents, after, moment, { silent: true })).toEqual([]);
    }),
    { numRuns: 250 },
  );
});

test('"not now" holds for a day wherever nothing has to be accepted at once, and nowhere else', () => {
  fc.assert(
    fc.property(anySituation, ({ documents, consents, moment }) => {
      const asked = consentsToAsk(documents, consents, moment);
      const after = deferConsents(asked, consents, now);
      const must = asked.some((one) => one.must);
      expect(consentsToAsk(documents, after, moment).length > 0).toBe(must);
      const nextDay = { ...moment, now: new Date(now.getTime() + DAY) };
      const forgotten = { ...consents, deferred: {} };
      const wasPutOff = asked.filter((one) => !one.must && one.version.kind === 'required').map(({ document }) => document);
      expect(brief(consentsToAsk(wasPutOff, after, nextDay))).toEqual(expectedQuestions(wasPutOff, forgotten, nextDay, false));
    }),
    { numRuns: 250 },
  );
});

test('a version is asked for from its very moment on', () => {
  const terms = document('terms', version(1), version(2, { effectiveAt: now.toISOString() }));
  expect(applicableVersion(terms, { now })?.version).toBe(2);
  expect(applicableVersion(terms, { now: new Date(now.getTime() - 1) })?.version).toBe(1);
  expect(applicableVersion({ ...terms, enabled: false }, { now })).toBeUndefined();
});

test('a new version that needs no new answer asks only those who never accepted', () => {
  const terms = document('terms', version(1), version(2, { cutoff: 1 }));
  expect(consentsToAsk([terms], knows({ terms: said(1) }), { now })).toEqual([]);
  expect(brief(consentsToAsk([terms], noConsents, { now }))).toEqual([{ name: 'terms', version: 2, reason: 'fresh', must: true }]);
});

test('until the grace ends the old terms will do, and then nobody gets on', () => {
  const terms = document('terms', version(1), version(2, { effectiveAt: day(-10), graceDays: 14 }));
  const person = knows({ terms: said(1) });
  expect(brief(consentsToAsk([terms], person, { now }))).toEqual([{ name: 'terms', version: 2, reason: 'renewed', must: false }]);
  expect(consentsToAsk([terms], person, { now }, { silent: true })).toEqual([]);
  const later = deferConsents(consentsToAsk([terms], person, { now }), person, now);
  expect(later.deferred).toEqual({ terms: { version: 2, until: day(1) } });
  expect(consentsToAsk([terms], later, { now: new Date(now.getTime() + DAY - 1) })).toEqual([]);
  const end = new Date(day(4));
  expect(brief(consentsToAsk([terms], later, { now: end }))).toMatchObject([{ must: true }]);
  expect(brief(consentsToAsk([terms], later, { now: end }, { silent: true }))).toMatchObject([{ must: true }]);
  // Grace is for those who had accepted something.
  expect(brief(consentsToAsk([terms], knows({ terms: said(1, 'withdrawn') }), { now }))).toMatchObject([{ reason: 'fresh', must: true }]);
});

test('what has to be accepted at once cannot be put off, nor can a mailing', () => {
  const asked = consentsToAsk([document('terms', version(1)), document('news', version(1, { kind: 'optional' }))], noConsents, { now });
  expect(asked).toHaveLength(2);
  expect(deferConsents(asked, noConsents, now).deferred).toEqual({});
});

test('a mailing alone stops nobody, comes along with the terms, and takes a "no" for a "no"', () => {
  const news = document('news', version(1, { kind: 'optional' }));
  const terms = document('terms', version(1));
  const names = (person: AccountConsents) => consentsToAsk([terms, news], person, { now }).map(({ document }) => document.name);
  expect(consentsToAsk([news], noConsents, { now })).toEqual([]);
  expect(names(noConsents)).toEqual(['terms', 'news']);
  expect(names(knows({ terms: said(1) }))).toEqual([]);
  for (const answer of ['declined', 'withdrawn', 'accepted'] as const) expect(names(knows({ news: said(1, answer) }))).toEqual(['terms']);
  expect(names(knows({}, { pending: { news: { version: 1, at: day(-6) } } }))).toEqual(['terms']);
  expect(names(knows({}, { pending: { news: { version: 1, at: day(-7) } } }))).toEqual(['terms', 'news']);
});

test('a country that is no code is as good as none: its people are asked', () => {
  const terms = document('terms', version(1, { countries: ['DE'] }));
  // OpenID Connect Core 5.1.1: the claim may hold a name, and imports bring such.
  expect(applicableVersion(terms, { now, country: 'Germany' })?.version).toBe(1);
  expect(applicableVersion(terms, { now, country: 'FR' })).toBeUndefined();
});

test('what was agreed to through another app can be withdrawn here', () => {
  const terms = document('terms', version(1, { clients: ['shop'] }));
  const versions = (person: AccountConsents) =>
    concerningConsents([terms], person, { now, clientId: 'tv' }).map((one) => one.version.version);
  expect(versions(noConsents)).toEqual([]);
  expect(versions(knows({ terms: said(1) }))).toEqual([1]);
});

test('relying parties learn what was said, of which version, and whether it has to be said anew', () => {
  const documents = [
    document('terms', version(1), version(2)),
    document('news', version(3, { kind: 'optional' })),
    document('partner', version(1, { kind: 'optional' })),
    document('elsewhere', version(1, { countries: ['FR'] })),
  ];
  const person = knows({ terms: said(1, 'accepted', '2026-01-01T00:00:00.900Z'), news: said(3, 'withdrawn', '2026-01-02T00:00:00.000Z') });
  expect(consentClaims(documents, person, { now, country: 'DE' })).toEqual({
    terms: { state: 'accepted', version: 1, newest_version: 2, required: true, needs_update: true, updated_at: 1_767_225_600 },
    news: { state: 'declined', version: 3, newest_version: 3, required: false, needs_update: false, updated_at: 1_767_312_000 },
    partner: { state: 'unanswered', version: null, newest_version: 1, required: false, needs_update: false, updated_at: null },
  });
  const renewed = [document('news', version(4, { kind: 'optional' }))];
  expect(consentClaims(renewed, knows({ news: said(3) }), { now }).news).toMatchObject({ state: 'accepted', needs_update: true });
  expect(consentClaims([document('terms', version(2, { cutoff: 1 }))], person, { now }).terms).toMatchObject({
    version: 1,
    needs_update: false,
  });
});

test('the proof is the sha256 of the words in UTF-8', () => {
  expect(textHash('Ich stimme zu: für immer')).toBe('4dd81359b8019b46282591b60e46fc432c26d8cbc5be54af5971b73989e357f4');
});

test('of a document that is switched off, what was agreed to can be taken back', () => {
  const off = { ...document('news', version(1), version(2)), enabled: false };
  const concerning = (known: AccountConsents) => concerningConsents([off], known, { now }).map(({ version }) => version.version);
  expect(concerning(knows({ news: said(1) }))).toEqual([1]);
  expect(concerning(knows({ news: said(1, 'withdrawn') }))).toEqual([]);
  expect(concerning(knows({}, { pending: { news: { version: 2, at: day(-1) } } }))).toEqual([2]);
  expect(concerning(knows({}, { pending: { news: { version: 2, at: day(-8) } } }))).toEqual([]);
  expect(consentsToAsk([off], knows({ news: said(1) }), { now })).toEqual([]);
});

test('where nobody knows the country, an app does not hear of what only some countries are asked', () => {
  const german = document('german', version(1, { countries: ['DE'] }));
  expect(consentClaims([german], noConsents, { now })).toEqual({});
  expect(consentClaims([german], noConsents, { now, country: 'DE' })).toMatchObject({ german: { needs_update: true } });
  expect(consentClaims([german], noConsents, { now, country: 'FR' })).toEqual({});
  expect(consentClaims([german], knows({ german: said(1) }), { now })).toMatchObject({ german: { state: 'accepted' } });
});
