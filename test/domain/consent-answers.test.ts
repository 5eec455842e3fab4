import { consentLine, type Evidence, newsOf, partByOptIn, readConsents } from '../../src/domain/consent-answers.ts';
import { awaiting, newOptIn, type RememberedOptIn } from '../../src/domain/consent-opt-in.ts';
import { type ConsentAnswer, type ConsentVersion, noConsents, textHash } from '../../src/domain/consents.ts';
import { openRemembered } from '../../src/domain/one-time-codes.ts';
import { createKeyring } from '../../src/keyring.ts';

const at = new Date('2026-06-15T09:00:00.123Z');
const version = (more: Partial<ConsentVersion> = {}): ConsentVersion => ({
  ...{ version: 2, kind: 'required', effectiveAt: '2026-01-01T00:00:00Z', texts: { en: 'I agree', de: 'Ich stimme zu' }, url: null },
  ...{ clients: null, countries: null, cutoff: 2, graceDays: 0, doubleOptIn: false },
  ...more,
});
const terms = { document: { name: 'terms' }, version: version() };
const news = { document: { name: 'news' }, version: version({ version: 1, kind: 'optional', doubleOptIn: true }) };
const read = (given: Parameters<typeof readConsents>[1], shown = [terms, news]) => {
  const { answers, faults } = readConsents(shown, given);
  return {
    answers: answers.map(({ document, answer }) => `${document.name} ${answer}`),
    faults: faults.map(({ code, field }) => `${code} at ${field}`),
  };
};

test('a box that is ticked accepts, one that is not declines, and a required one has to be ticked', () => {
  const both = { terms: { version: '2', accepted: true }, news: { version: '1', accepted: false } };
  expect(read(both)).toEqual({ answers: ['terms accepted', 'news declined'], faults: [] });
  expect(read({ ...both, terms: { version: '2', accepted: false } }).faults).toEqual(['consent_required at consent_terms']);
  expect(read({ news: both.news }).faults).toEqual(['consent_required at consent_terms']);
});

test('whoever was shown another version is shown the one of now, whatever they said', () => {
  for (const shown of ['1', '02', '2.0', '']) {
    for (const accepted of [true, false])
      expect(read({ terms: { version: shown, accepted } }, [terms]).faults).toEqual(['consent_outdated at consent_terms']);
  }
});

test('what was not on the form has no answer: nobody declines what they never saw', () => {
  expect(read({ terms: { version: '2', accepted: true } })).toEqual({ answers: ['terms accepted'], faults: [] });
});

test('a name that every object has is no answer', () => {
  expect(readConsents([{ ...terms, document: { name: 'constructor' } }], {}).faults).toHaveLength(1);
});

test.each<[ConsentAnswer | undefined, number, ConsentAnswer, ConsentAnswer | undefined]>([
  [undefined, 0, 'accepted', 'accepted'],
  [undefined, 0, 'declined', 'declined'],
  ['accepted', 2, 'accepted', undefined],
  ['accepted', 1, 'accepted', 'accepted'],
  ['accepted', 2, 'declined', 'withdrawn'],
  ['accepted', 1, 'declined', 'withdrawn'],
  ['declined', 2, 'declined', undefined],
  ['withdrawn', 2, 'declined', undefined],
  ['declined', 1, 'declined', 'declined'],
  ['declined', 2, 'accepted', 'accepted'],
  ['withdrawn', 2, 'accepted', 'accepted'],
])('after %s of version %i, %s of version 2 is written down as %s', (before, number, answer, written) => {
  const current = before && { version: number, answer: before, at: '2026-01-02T00:00:00.000Z', line: 1 };
  expect(newsOf({ ...terms, answer }, current)).toBe(written);
});

const evidence: Evidence = {
  ...{ at, channel: 'page', fallbackLocale: 'en' },
  source: { ip: '203.0.113.77', userAgent: 'Mozilla/5.0', clientId: 'shop', locale: 'de-AT' },
};

test('a line says what was shown, in which language, through what and roughly from where', () => {
  expect(consentLine({ ...terms, answer: 'accepted' }, evidence)).toEqual({
    ...{ document: 'terms', version: 2, locale: 'de', textHash: textHash('Ich stimme zu'), answer: 'accepted' },
    ...{ at: '2026-06-15T09:00:00.123Z', askedAt: null, clientId: 'shop', channel: 'page' },
    ...{ network: '203.0.113.0/24', userAgent: 'Mozilla/5.0' },
  });
  expect(consentLine({ ...terms, answer: 'accepted' }, { ...evidence, source: { ip: '2001:db8:1:2::3', locale: 'fr' } })).toMatchObject({
    ...{ locale: 'en', textHash: textHash('I agree'), clientId: null, network: '2001:db8:1::/48', userAgent: null },
  });
});

test('an operator’s own place is nobody’s evidence', () => {
  const operator = { ip: '', locale: 'en' };
  expect(consentLine({ ...terms, answer: 'accepted' }, { ...evidence, channel: 'import', source: operator }).network).toBeNull();
});

test.each([
  ['a\u0000b', 'ab'],
  ['\ud800', '\ufffd'],
  [`${'x'.repeat(399)}\u{1f600}`, `${'x'.repeat(399)}\ufffd`],
  ['x'.repeat(5_000), 'x'.repeat(400)],
])('a browser that calls itself something odd can be written down (%#)', (userAgent, written) => {
  const line = consentLine({ ...terms, answer: 'accepted' }, { ...evidence, source: { ...evidence.source, userAgent } });
  expect(line.userAgent).toBe(written);
});

test('a mailing that was ticked waits for its mail, a "no" and the terms count at once', () => {
  const accepted = [terms, news].map((one) => ({ ...one, answer: 'accepted' as const }));
  const { now, byMail } = partByOptIn([...accepted, { ...news, answer: 'declined' }]);
  expect(now.map(({ document, answer }) => [document.name, answer])).toEqual([
    ['terms', 'accepted'],
    ['news', 'declined'],
  ]);
  expect(byMail.map(({ document }) => document.name)).toEqual(['news']);
});

test('the link of the mail remembers the line to be, and the account knows since when it waits', () => {
  const keyring = createKeyring('a root secret that only this test knows');
  const line = consentLine({ ...news, answer: 'accepted' }, evidence);
  const brand = { id: 3, issuer: 'https://id.example/shop' };
  const { row, link } = newOptIn(keyring, brand, '0b6a8a52-5b3f-4a54-9f1c-1f0a2b3c0007', { line, email: 'anna@example.com' });
  expect(link).toMatch(/^https:\/\/id\.example\/shop\/confirm-consent\?token=[\w-]{44}$/);
  expect(openRemembered<RememberedOptIn>(keyring, 3, 'confirm_consent', row.key, row.sealed)).toEqual({ line, email: 'anna@example.com' });
  expect(awaiting(noConsents, [line]).pending).toEqual({ news: { version: 1, at: line.at } });
  expect(awaiting(noConsents, [])).toBe(noConsents);
});
