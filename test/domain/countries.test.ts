import { countryCodes, currencyCodes, currencyOf, guessCountry, isCountry } from '../../src/domain/countries.ts';

test.each<[string | undefined, string | undefined, string | undefined]>([
  ['AT', 'de-DE', 'AT'],
  [' at ', undefined, 'AT'],
  ['XX', 'de-DE', 'DE'],
  ['T1', undefined, undefined],
  ['', 'de-AT,de;q=0.9,en;q=0.8', 'AT'],
  [undefined, 'de,en;q=0.8,en-GB;q=0.7', 'GB'],
  [undefined, 'zh-Hant-TW', 'TW'],
  [undefined, 'de-at', 'AT'],
  [undefined, 'es-419,es-MX;q=0.9', 'MX'],
  [undefined, 'de', undefined],
  [undefined, '*', undefined],
  [undefined, 'en-XX,en-CA', 'CA'],
  [undefined, undefined, undefined],
  ['__proto__', 'constructor', undefined],
])('a proxy that says %j and a browser that prefers %j come from %s', (header, acceptLanguage, country) => {
  expect(guessCountry({ header, acceptLanguage })).toBe(country);
});

test('the language people prefer says where they are, not the one that stands first', () => {
  // RFC 9110 12.4.2: without a weight it is 1; 0 is "not this one".
  expect(guessCountry({ acceptLanguage: 'en-US;q=0.3,de-AT' })).toBe('AT');
  expect(guessCountry({ acceptLanguage: 'en-US;q=0,de-AT;q=0.5' })).toBe('AT');
});

test('a very long header is read in no time', () => {
  const began = performance.now();
  expect(guessCountry({ acceptLanguage: 'aaa-'.repeat(200_000) })).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(200);
});

test('every country of ISO 3166-1 is there but the Antarctic', () => {
  // Codes that other standards reserve or that are out of use, as the engine's names have them too.
  const others = 'AC AN AQ BU CP CQ CS DD DG DY EA EU EZ FX HV IC NH QO RH SU TA TP UK UN VD XA XB YD YU ZR ZZ'.split(' ');
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const all = letters.flatMap((one) => letters.map((other) => one + other)).filter((code) => names.of(code) !== undefined);
  expect(countryCodes).toEqual(all.filter((code) => !others.includes(code)));
  expect(new Set(countryCodes).size).toBe(countryCodes.length);
});

test('every country has a currency people know, and every currency a country', () => {
  expect(currencyOf('DE')).toBe('EUR');
  expect(currencyOf('CH')).toBe('CHF');
  expect(currencyOf('AQ')).toBeUndefined();
  expect(currencyOf(undefined)).toBeUndefined();
  const known = Intl.supportedValuesOf('currency');
  // XCG of 2025 is newer than some engines.
  expect(currencyCodes.filter((code) => !known.includes(code) && code !== 'XCG')).toEqual([]);
  expect(new Set(countryCodes.map(currencyOf))).toEqual(new Set(currencyCodes));
});

test.each(['de', 'DEU', '', 'constructor', '__proto__', 'AQ'])('%j is no country', (code) => {
  expect(isCountry(code)).toBe(false);
});
