// What the demo sites say, in English and German. They follow the browser's first language, English otherwise.

export type Language = 'en' | 'de';

/** By the first language the browser names. */
export function languageOf(acceptLanguage: string | undefined): Language {
  return /^\s*de\b/i.test(acceptLanguage ?? '') ? 'de' : 'en';
}

const en = {
  roast: {
    tagline: 'Coffee roasted around the corner',
    heading: 'Every tenth coffee is on us',
    text: 'Your card lives in your account: no paper, nothing to lose. Sign in once and we know your usual.',
    what: 'A demo coffee shop.',
  },
  harbour: {
    tagline: 'Films that come in with the tide',
    heading: 'Three new films every evening',
    text: 'Hand-picked, in quiet waters, without a single advertisement. Sign in and carry on where you stopped.',
    what: 'A demo film service.',
  },
  failures: {
    denied: ['You’re not signed in', 'You chose not to, and that’s fine. Have a look around, or sign in another time.'],
    failed: ['That sign-in didn’t work', 'Nothing is lost. Try it once more.'],
    unknown: ['This sign-in is over', 'It was finished already, took too long, or began in another browser. Starting again takes seconds.'],
    ended: ['You’ve been signed out', 'Your sign-in ended somewhere else, so we ended it here too.'],
    unreachable: ['We can’t reach the sign-in service', 'Nothing is lost. Give it a few seconds, then try again.'],
  },
  waiting: ['One moment', 'The sign-in service is still waking up. This page tries again by itself.'],
  notFound: ['There’s nothing here', 'The address may be mistyped.'],
  signIn: 'Sign in',
  createAccount: 'Create account',
  myAccount: 'My account',
  signOut: 'Sign out',
  refresh: 'Refresh',
  back: (name: string) => `Back to ${name}`,
  developers: 'For developers:',
  portico: 'It signs people in with Portico at',
  welcome: 'Good to see you',
  signedInAs: ['You’re signed in as ', '.'],
  told: (name: string) => `What ${name} told this app`,
  columns: ['Claim', 'Value', 'From'],
  staying: 'Staying signed in',
  refreshed: ['Refreshed: the refresh token was replaced, ', ' became ', '. The old one is worthless now.'],
  lasts: ['The access token lasts until ', '. '],
  renews: 'The app renews it without asking you.',
  cups: (count: number) => `${count} of 10 coffees`,
  tonight: 'Tonight',
  films: ['The Last Ferry', 'Low Water', 'Lamplight'],
  dates: 'en-GB',
} as const;

type Shape<Words> = {
  [Word in keyof Words]: Words[Word] extends string
    ? string
    : Words[Word] extends (...parts: infer Parts) => string
      ? (...parts: Parts) => string
      : Shape<Words[Word]>;
};

export type Words = Shape<typeof en>;

const de: Words = {
  roast: {
    tagline: 'Kaffee, um die Ecke geröstet',
    heading: 'Jeder zehnte Kaffee geht auf uns',
    text: 'Deine Karte liegt in deinem Konto: kein Papier, nichts zu verlieren. Einmal anmelden, und wir wissen, was du magst.',
    what: 'Ein Kaffeeladen zur Probe.',
  },
  harbour: {
    tagline: 'Filme, die mit der Flut kommen',
    heading: 'Jeden Abend drei neue Filme',
    text: 'Von Hand ausgesucht, in ruhigem Wasser, ganz ohne Werbung. Melde dich an und sieh weiter, wo du aufgehört hast.',
    what: 'Ein Filmdienst zur Probe.',
  },
  failures: {
    denied: ['Du bist nicht angemeldet', 'Du wolltest nicht, und das ist in Ordnung. Sieh dich um oder melde dich ein andermal an.'],
    failed: ['Die Anmeldung hat nicht geklappt', 'Nichts ist verloren. Versuch es noch einmal.'],
    unknown: [
      'Diese Anmeldung ist vorbei',
      'Sie war schon fertig, hat zu lange gedauert oder begann in einem anderen Browser. Neu beginnen dauert Sekunden.',
    ],
    ended: ['Du wurdest abgemeldet', 'Deine Anmeldung endete anderswo, deshalb haben wir sie hier auch beendet.'],
    unreachable: ['Wir erreichen den Anmeldedienst nicht', 'Nichts ist verloren. Warte ein paar Sekunden und versuch es dann noch einmal.'],
  },
  waiting: ['Einen Moment', 'Der Anmeldedienst wacht gerade auf. Diese Seite versucht es von selbst wieder.'],
  notFound: ['Hier ist nichts', 'Vielleicht ist die Adresse vertippt.'],
  signIn: 'Anmelden',
  createAccount: 'Konto erstellen',
  myAccount: 'Mein Konto',
  signOut: 'Abmelden',
  refresh: 'Erneuern',
  back: (name) => `Zurück zu ${name}`,
  developers: 'Für Entwickler:',
  portico: 'Hier meldet Portico die Leute an, unter',
  welcome: 'Schön, dass du da bist',
  signedInAs: ['Du bist angemeldet als ', '.'],
  told: (name) => `Was ${name} dieser App gesagt hat`,
  columns: ['Claim', 'Wert', 'Aus'],
  staying: 'Angemeldet bleiben',
  refreshed: ['Erneuert: Das Refresh-Token wurde ersetzt, aus ', ' wurde ', '. Das alte ist jetzt wertlos.'],
  lasts: ['Das Access-Token gilt bis ', '. '],
  renews: 'Die App erneuert es, ohne dich zu fragen.',
  cups: (count) => `${count} von 10 Kaffees`,
  tonight: 'Heute Abend',
  // Long words may break where people would break them.
  films: ['Die letzte Fähre', 'Niedrig\u00adwasser', 'Lampen\u00adlicht'],
  dates: 'de-DE',
};

export const words: Readonly<Record<Language, Words>> = { en, de };
