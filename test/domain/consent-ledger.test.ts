import fc from 'fast-check';
import { appendLines, type ConsentLine, checkLedger, digestOf, FIRST, type NewConsentLine } from '../../src/domain/consent-ledger.ts';
import { type AccountConsents, noConsents } from '../../src/domain/consents.ts';
import { createKeyring } from '../../src/keyring.ts';

const keyring = createKeyring('a root secret that only this test knows');
const stranger = createKeyring('somebody who has the database and guesses');
const place = { brandId: 3, accountId: '0b6a8a52-5b3f-4a54-9f1c-1f0a2b3c0007' };
const otherPlaces = [
  { ...place, brandId: 4 },
  { ...place, accountId: '0b6a8a52-5b3f-4a54-9f1c-1f0a2b3c0008' },
];

const moment = fc.integer({ min: 0, max: 1e9 }).map((seconds) => new Date(1_750_000_000_000 + seconds * 1_000).toISOString());
const anyAnswer: fc.Arbitrary<NewConsentLine> = fc.record({
  document: fc.constantFrom('terms', 'news', 'partner'),
  version: fc.integer({ min: 1, max: 9 }),
  locale: fc.constantFrom('en', 'de'),
  textHash: fc.constantFrom('a', 'b').map((digit) => digit.repeat(64)),
  answer: fc.constantFrom('accepted', 'declined', 'withdrawn'),
  at: moment,
  askedAt: fc.option(moment),
  clientId: fc.constantFrom('shop', null),
  channel: fc.constantFrom('page', 'api', 'admin', 'import'),
  network: fc.constantFrom('203.0.113.0/24', '2001:db8:1::/48', null),
  userAgent: fc.option(fc.string({ maxLength: 20, unit: 'binary' }).map((text) => text.toWellFormed())),
});
const anyChain = fc.array(anyAnswer, { minLength: 1, maxLength: 6 }).map((said) => appendLines(keyring, place, noConsents, said));

const faultsOf = (consents: AccountConsents, lines: readonly ConsentLine[], where = place) => checkLedger(keyring, where, consents, lines);
const runs = { numRuns: 60 };

const terms: NewConsentLine = {
  ...{ document: 'terms', version: 1, locale: 'en', textHash: 'c'.repeat(64), answer: 'accepted', at: '2026-05-01T08:00:00.000Z' },
  ...{ askedAt: null, clientId: 'shop', channel: 'page', network: '203.0.113.0/24', userAgent: 'Mozilla/5.0' },
};
const news: NewConsentLine = { ...terms, document: 'news', answer: 'declined' };

test('a chain nobody touched has no fault, however it was written', () => {
  expect(faultsOf(noConsents, [])).toEqual([]);
  fc.assert(
    fc.property(fc.array(anyAnswer, { maxLength: 6 }), fc.nat(6), (said, cut) => {
      const first = appendLines(keyring, place, noConsents, said.slice(0, cut));
      const second = appendLines(keyring, place, first.consents, said.slice(cut));
      const lines = [...first.lines, ...second.lines];
      expect({ consents: second.consents, lines }).toEqual(appendLines(keyring, place, noConsents, said));
      expect(faultsOf(second.consents, JSON.parse(JSON.stringify(lines)))).toEqual([]);
    }),
    runs,
  );
});

test('lines are numbered from one, and each holds the digest of the one before', () => {
  const { consents, lines } = appendLines(keyring, place, noConsents, [terms, news, { ...terms, answer: 'withdrawn' }]);
  expect(lines.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(lines.map(({ previous }) => previous)).toEqual([FIRST, lines[0]?.digest, lines[1]?.digest]);
  expect(consents).toEqual({
    lines: 3,
    head: lines[2]?.digest,
    current: {
      terms: { version: 1, answer: 'withdrawn', at: terms.at, line: 3 },
      news: { version: 1, answer: 'declined', at: news.at, line: 2 },
    },
  });
});

test('what is answered is neither put off nor waited for any more; the rest is', () => {
  const deferred = { terms: { version: 1, until: terms.at }, other: { version: 1, until: terms.at } };
  const { consents } = appendLines(keyring, place, { ...noConsents, deferred, pending: { terms: { version: 1, at: terms.at } } }, [terms]);
  expect(consents.deferred).toEqual({ other: deferred.other });
  expect(consents).not.toHaveProperty('pending');
});

const members = [
  'number',
  'document',
  'version',
  'locale',
  'textHash',
  'answer',
  'at',
  'askedAt',
  'clientId',
  'channel',
  'network',
] as const;
const everyMember = [...members, 'userAgent', 'previous', 'digest'] as const;

test.each(everyMember)('a line of which %s was changed is found', (member) => {
  const { consents, lines } = appendLines(keyring, place, noConsents, [terms, news, { ...terms, version: 2 }]);
  for (const index of lines.keys()) {
    for (const value of [null, 2, 7, 'x', 'page ', FIRST, lines[(index + 1) % 3]?.[member]]) {
      const changed = { ...lines[index], [member]: value } as ConsentLine;
      if (JSON.stringify(changed) === JSON.stringify(lines[index])) continue;
      expect(faultsOf(consents, lines.with(index, changed))).not.toEqual([]);
    }
    const { [member]: _gone, ...less } = lines[index] as ConsentLine;
    expect(faultsOf(consents, lines.with(index, less as ConsentLine))).not.toEqual([]);
  }
});

test('any single change of any line is found, and named by its line', () => {
  const anyChange = fc.constantFrom(...everyMember.filter((member) => member !== 'number'));
  fc.assert(
    fc.property(anyChain, fc.nat(), anyChange, fc.jsonValue({ maxDepth: 1 }), ({ consents, lines }, at, member, value) => {
      const index = at % lines.length;
      const line = lines[index] as ConsentLine;
      fc.pre(JSON.stringify(value) !== JSON.stringify(line[member]));
      const faults = faultsOf(consents, lines.with(index, { ...line, [member]: value } as ConsentLine));
      expect(faults[0]).toEqual({ fault: 'line_changed', line: index + 1 });
    }),
    runs,
  );
});

test('a line that is gone is found, and so are those at the end', () => {
  fc.assert(
    fc.property(anyChain, fc.nat(), ({ consents, lines }, at) => {
      const index = at % lines.length;
      expect(faultsOf(consents, lines.toSpliced(index, 1))).toContainEqual({ fault: 'line_missing', line: index + 1 });
      // Closing the gap takes the key.
      const closed = lines.toSpliced(index, 1).map((line, position) => ({ ...line, number: position + 1 }));
      expect(faultsOf(consents, closed)).not.toEqual([]);
      expect(faultsOf({ ...consents, lines: closed.length, head: closed.at(-1)?.digest ?? null }, closed).length > 0).toBe(true);
      const kept = lines.slice(0, index);
      expect(faultsOf(consents, kept).map(({ line }) => line)).toEqual(lines.slice(index).map(({ number }) => number));
    }),
    runs,
  );
});

test('an end that is gone is found also when the account’s row was told to expect fewer lines', () => {
  const { consents, lines } = appendLines(keyring, place, noConsents, [terms, { ...terms, answer: 'withdrawn' }]);
  expect(faultsOf({ ...consents, lines: 1 }, lines.slice(0, 1))).toEqual([{ fault: 'head_changed', line: 1 }]);
  expect(faultsOf({ ...consents, lines: 1, head: lines[0]?.digest as string }, lines.slice(0, 1))).toEqual([
    { fault: 'answer_changed', document: 'terms' },
  ]);
  expect(faultsOf({ ...consents, lines: 1, head: lines[0]?.digest as string }, lines)).toEqual([{ fault: 'line_added', line: 2 }]);
  expect(faultsOf({ ...consents, lines: 0, head: null }, [])).toEqual([{ fault: 'answer_changed', document: 'terms' }]);
});

test('lines in another order are found, with their numbers or with new ones', () => {
  const anyOrder = anyChain.chain((chain) =>
    fc.shuffledSubarray(chain.lines, { minLength: chain.lines.length }).map((shuffled) => ({ ...chain, shuffled })),
  );
  fc.assert(
    fc.property(anyOrder, ({ consents, lines, shuffled }) => {
      fc.pre(shuffled.some((line, index) => line !== lines[index]));
      expect(faultsOf(consents, shuffled)).not.toEqual([]);
      const renumbered = shuffled.map((line, index) => ({ ...line, number: index + 1 }));
      expect(faultsOf(consents, renumbered)).not.toEqual([]);
      expect(faultsOf({ ...consents, head: renumbered.at(-1)?.digest as string }, renumbered)).not.toEqual([]);
    }),
    runs,
  );
});

test('a line that was added without the key is found, wherever it stands', () => {
  fc.assert(
    fc.property(anyChain, anyAnswer, fc.nat(), ({ consents, lines }, said, at) => {
      const index = at % (lines.length + 1);
      const unsigned = { ...said, number: index + 1, previous: lines[index - 1]?.digest ?? FIRST };
      const forged = { ...unsigned, digest: digestOf(stranger, place, unsigned) };
      const later = lines.slice(index).map((line) => ({ ...line, number: line.number + 1 }));
      const all = [...lines.slice(0, index), forged, ...later];
      expect(faultsOf(consents, all)).not.toEqual([]);
      const current = { ...consents.current, [said.document]: { ...said, line: index + 1 } };
      expect(faultsOf({ lines: all.length, head: all.at(-1)?.digest as string, current }, all)).not.toEqual([]);
      // The same line twice.
      const twice = lines[at % lines.length] as ConsentLine;
      expect(faultsOf(consents, lines.toSpliced(twice.number, 0, twice))).not.toEqual([]);
    }),
    runs,
  );
});

test('a line of another account, or of another brand, proves nothing here', () => {
  fc.assert(
    fc.property(anyChain, fc.constantFrom(...otherPlaces), fc.nat(), ({ consents, lines }, elsewhere, at) => {
      const said = lines.map(({ number: _number, previous: _previous, digest: _digest, ...one }) => one);
      const theirs = appendLines(keyring, elsewhere, noConsents, said);
      expect(faultsOf(theirs.consents, theirs.lines)).not.toEqual([]);
      expect(faultsOf(theirs.consents, theirs.lines, elsewhere)).toEqual([]);
      const index = at % lines.length;
      const moved = lines.with(index, theirs.lines[index] as ConsentLine);
      expect(faultsOf(consents, moved)[0]).toEqual({ fault: 'line_changed', line: index + 1 });
    }),
    runs,
  );
});

test('an answer, an end or a number of lines that the ledger does not have is found in the account’s row', () => {
  fc.assert(
    fc.property(anyChain, fc.constantFrom('version', 'answer', 'at', 'line'), ({ consents, lines }, member) => {
      for (const [document, current] of Object.entries(consents.current)) {
        const changed = [{ fault: 'answer_changed', document }];
        const { [document]: _gone, ...others } = consents.current;
        expect(faultsOf({ ...consents, current: { ...others, [document]: { ...current, [member]: 'x' } } }, lines)).toEqual(changed);
        expect(faultsOf({ ...consents, current: others }, lines)).toEqual(changed);
      }
      const made = { ...consents.current, made_up: { version: 1, answer: 'accepted', at: terms.at, line: 1 } as const };
      expect(faultsOf({ ...consents, current: made }, lines)).toEqual([{ fault: 'answer_changed', document: 'made_up' }]);
      expect(faultsOf({ ...consents, head: FIRST }, lines)).toEqual([{ fault: 'head_changed', line: lines.length }]);
      expect(faultsOf({ ...consents, head: null }, lines)).toEqual([{ fault: 'head_changed', line: lines.length }]);
      expect(faultsOf({ ...consents, lines: lines.length + 1 }, lines)).toEqual([{ fault: 'line_missing', line: lines.length + 1 }]);
    }),
    runs,
  );
});
