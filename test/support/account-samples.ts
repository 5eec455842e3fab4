// The pages of "my account" in the states people meet them in.
import { fieldsOf } from '../../src/domain/profile-fields.ts';
import type { AccountFrame, AccountPages } from '../../src/web/locals/account.ts';
import { inputsOf } from './sample-inputs.ts';

const csrf = 'q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6';
const segments = ['', 'profile', 'email', 'password', 'sessions', 'apps', 'consents', 'data', 'delete'];

/** What stands around each of them. */
export function accountFrame(segment: string, more: Partial<AccountFrame> = {}): AccountFrame {
  const nav = segments.map((each) => ({ segment: each, href: each ? `/account/${each}` : '/account', current: each === segment }));
  return { segment, nav, home: '/account', csrf, ...more };
}

const back = { name: 'Roast Rewards', url: 'http://localhost:3001/' };
const cards: AccountPages['account']['cards'] = [
  { segment: 'profile', href: '/account/profile', state: { key: 'account.state.profile', params: { name: 'Mira Okonkwo' } } },
  { segment: 'email', href: '/account/email', state: { key: 'account.state.emailVerified' } },
  { segment: 'password', href: '/account/password', state: { key: 'account.state.password', params: { date: '3 March 2026' } } },
  { segment: 'sessions', href: '/account/sessions', state: { key: 'account.state.sessions', params: { count: '3' } } },
  { segment: 'apps', href: '/account/apps', state: { key: 'account.state.appsOne' } },
  { segment: 'consents', href: '/account/consents', state: { key: 'account.state.consents', params: { count: '2' } } },
  { segment: 'data', href: '/account/data', state: { key: 'account.state.data' } },
  { segment: 'delete', href: '/account/delete', state: { key: 'account.state.delete' } },
];
const leaving = cards.map((card) =>
  card.segment === 'delete' ? { ...card, state: { key: 'account.state.deletePending', params: { date: '6 December 2026' } } } : card,
);
const overview = { frame: accountFrame('', { back }), action: '/account', csrf, email: 'mira@example.com', cards };
const profileInputs = inputsOf(fieldsOf({ fields: [] }), { birthdate: '1990-06-24' });
const yearAlone = inputsOf(fieldsOf({ fields: [] }), { birthdate: '1990' }).find(({ name }) => name === 'birthdate')!;
const profile = {
  ...{
    frame: accountFrame('profile', { back }),
    action: '/account/profile',
    csrf,
    asked: 'given_name family_name birthdate phone_number locale',
    inputs: profileInputs,
    facts: [],
  },
  form: { values: { given_name: 'Mira', family_name: 'Okonkwo', birthdate: '1990-06-24', phone_number: '+442079460018', locale: 'en' } },
};
const sessions = {
  ...{ frame: accountFrame('sessions'), action: '/account/sessions', csrf },
  places: [
    {
      ...{ kind: 'session', id: 'a', current: true, title: 'Chrome on Windows', network: '203.0.113.*' },
      ...{ since: '21 November 2026', used: 'just now', apps: 'Roast Rewards and Barista Finder' },
    },
    {
      kind: 'session',
      id: 'b',
      current: false,
      title: 'Safari on iPhone',
      network: '2001:db8:1:*',
      since: '2 October 2026',
      used: '3 days ago',
    },
    { kind: 'session', id: 'c', current: false, title: 'Unknown device', since: '1 September 2026' },
    { kind: 'app', id: 'd', current: false, title: 'Roast & Co. on your phone', since: '1 August 2026', used: '5 hours ago' },
  ],
} satisfies AccountPages['account-sessions'];

type Samples = { [Name in keyof AccountPages]?: AccountPages[Name] };

/** By sample: page and locals. */
export const accountSamples: Record<string, { page: keyof AccountPages; locals: Samples[keyof Samples] }> = {
  account: { page: 'account', locals: { ...overview, name: 'Mira' } },
  'account-nameless': {
    page: 'account',
    locals: {
      ...overview,
      frame: accountFrame(''),
      email: 'a.very.long.address.of.somebody@subdomain.of.a.long.example.com',
    },
  },
  'account-leaving': {
    page: 'account',
    locals: { ...overview, cards: leaving, name: 'Mira', deletion: { action: '/account/delete', csrf, date: '6 December 2026' } },
  },
  'account-sign-in': { page: 'account-sign-in', locals: { restartUrl: '/account' } },
  'account-profile': { page: 'account-profile', locals: profile },
  'account-profile-saved': { page: 'account-profile', locals: { ...profile, frame: accountFrame('profile', { back, done: 'profile' }) } },
  'account-profile-refused': {
    page: 'account-profile',
    locals: {
      ...profile,
      inputs: profileInputs.map((one) => (one.name === 'birthdate' ? yearAlone : one)),
      form: {
        values: { ...profile.form.values, birthdate: '1990', phone_number: '020 79460018' },
        refusal: { code: 'phone_number_invalid', field: 'phone_number', params: {} },
      },
    },
  },
  'account-sessions': { page: 'account-sessions', locals: sessions },
  'account-sessions-one': {
    page: 'account-sessions',
    locals: { ...sessions, frame: accountFrame('sessions', { done: 'others' }), places: sessions.places.slice(0, 1) },
  },
  'account-apps': {
    page: 'account-apps',
    locals: {
      ...{ frame: accountFrame('apps'), action: '/account/apps', csrf },
      apps: [
        { id: 'finder', name: 'Barista Finder', since: '3 March 2026', access: [{ key: 'scopes.openid' }, { key: 'scopes.email' }] },
        {
          id: 'tickets',
          name: 'Tour Tickets',
          since: '1 February 2026',
          access: [{ key: 'scopes.profile' }, { key: 'scopes.offline_access' }],
        },
      ],
    },
  },
  'account-apps-none': {
    page: 'account-apps',
    locals: { frame: accountFrame('apps', { done: 'access' }), action: '/account/apps', csrf, apps: [] },
  },
};
