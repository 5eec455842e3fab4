// Documents to agree to and questions to answer, in the states people meet them in.
import { fieldDefaults, type ProfileField } from '../../src/domain/profile-fields.ts';
import type { AccountProfilePage } from '../../src/web/locals/account.ts';
import type { AccountConsentsPage, ConsentChoice, QuestionPages } from '../../src/web/locals/questions.ts';
import type { LoginPage } from '../../src/web/page-locals.ts';
import { accountFrame } from './account-samples.ts';
import { inputsOf } from './sample-inputs.ts';

const csrf = 'q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6';
const action = '/interaction/8vKq3nJ2bYtR5mXwZc7Lp';
const empty = { values: {} };

const terms: ConsentChoice = {
  ...{ name: 'consent_terms', versionName: 'version_terms', version: '2', lang: 'en', required: true },
  parts: [
    { words: 'I agree to the ' },
    { words: 'terms of the Roast & Co. club', href: 'https://roast.example/terms' },
    { words: ' and have read the ' },
    { words: 'privacy notice', href: 'https://roast.example/privacy' },
    { words: '.' },
  ],
};
const news: ConsentChoice = {
  ...{ name: 'consent_news', versionName: 'version_news', version: '1', lang: 'en', required: false, byMail: true },
  parts: [{ words: 'Send me news about new roasts, about once a month.' }],
};
const partner: ConsentChoice = {
  ...{
    name: 'consent_partner',
    versionName: 'version_partner',
    version: '1',
    lang: 'en',
    required: false,
    url: 'https://roast.example/partners',
  },
  parts: [{ words: 'Roast & Co. may share my purchases with the cafés I visit.' }],
};

const field = (key: string, more: Partial<ProfileField> & Pick<ProfileField, 'type'>): ProfileField => ({ ...fieldDefaults, key, ...more });
const text = (en: string) => ({ en });
const roast = field('favourite_roast', {
  ...{ type: 'radio', label: text('Which roast do you like best?'), required: true },
  options: [
    { value: 'light', label: text('Light and fruity') },
    { value: 'medium', label: text('Medium, a bit of everything') },
    { value: 'dark', label: text('Dark, like the night') },
  ],
});
const brewing = field('brewing', {
  ...{ type: 'multi_select', label: text('How do you make coffee?') },
  options: [
    { value: 'espresso', label: text('Espresso machine') },
    { value: 'filter', label: text('Filter') },
    { value: 'moka', label: text('Moka pot') },
  ],
});
const decaf = field('decaf', {
  type: 'checkbox',
  label: text('I only drink decaf.'),
  help: text('We leave everything else out of your list.'),
});
const children = field('children', {
  ...{ type: 'group', label: text('Your children'), help: text('For a hot chocolate on their birthday.'), most: 4 },
  items: [
    field('first_name', { type: 'text', label: text('First name'), required: true }),
    field('birthday', { type: 'date', label: text('Birthday') }),
  ],
});
const asked = [
  field('name', { type: 'name', required: true }),
  field('birthdate', { type: 'birth_date', required: true, minimumAge: 16, keep: 'age' }),
  roast,
  field('phone_number', { type: 'phone' }),
  field('country', { type: 'country' }),
];

const complete = {
  ...{ action, csrf, form: empty, asked: 'name birthdate favourite_roast phone_number country', switchable: true, skippable: false },
  ...{ inputs: inputsOf(asked), progress: { answered: 2, of: 7 } },
};
const family = { 'children.0.first_name': 'Noor', 'children.0.birthday': '2019-02-11', 'children.1.birthday': '2021-08-30' };
const accept = { action, csrf, form: empty, consents: [terms, news, partner], deferrable: false, switchable: true, accountUrl: '/account' };
const login: LoginPage = {
  ...{ action, csrf, first: 'register', login: empty, register: empty, passwordMinimum: 8 },
  questions: {
    consents: [terms, news],
    inputs: inputsOf([field('name', { type: 'name', required: true }), field('country', { type: 'country' })]),
  },
};
const statement = [{ words: 'Send me news about new roasts, about once a month.' }];
const confirm = { action: '/confirm-consent', csrf, parts: statement, lang: 'en', consentsUrl: '/account/consents' };
const agreements: AccountConsentsPage = {
  ...{ frame: accountFrame('consents'), action: '/account/consents', csrf, form: empty },
  documents: [
    { name: 'terms', version: 2, parts: terms.parts, lang: 'en', required: true, closed: false, state: 'accepted', date: '3 March 2026' },
    { name: 'club', version: 2, parts: statement, lang: 'en', required: false, closed: false, state: 'outdated', date: '2 March 2026' },
    { name: 'news', version: 1, parts: news.parts, lang: 'en', required: false, closed: false, state: 'pending' },
    {
      name: 'survey',
      version: 1,
      parts: [{ words: 'Ask me now and then how I like it.' }],
      lang: 'en',
      required: false,
      closed: false,
      state: 'unanswered',
    },
    {
      name: 'partner',
      version: 1,
      parts: partner.parts,
      lang: 'en',
      url: 'https://roast.example/partners',
      required: false,
      closed: false,
      state: 'declined',
      date: '1 March 2026',
    },
  ],
  history: [
    {
      document: 'I agree to the terms of the Roast & Co. club.',
      what: { key: 'account-consents.history.accepted', params: { version: '2' } },
      when: '3 March 2026',
    },
    {
      document: 'Roast & Co. may share my purchases.',
      what: { key: 'account-consents.history.withdrawn', params: { version: '1' } },
      when: '1 March 2026',
    },
  ],
};

const ownWords: AccountProfilePage = {
  ...{
    frame: accountFrame('profile'),
    action: '/account/profile',
    csrf,
    asked: 'name address favourite_roast brewing children decaf',
    form: { values: { ...family, favourite_roast: 'dark' } },
  },
  inputs: inputsOf([field('name', { type: 'name' }), field('address', { type: 'address' }), roast, brewing, children, decaf], family),
  facts: [{ key: 'account-profile.age', params: { age: '16' } }],
};

type Drawn = QuestionPages & { login: LoginPage; 'account-consents': AccountConsentsPage; 'account-profile': AccountProfilePage };
type Sample = { [Name in keyof Drawn]: { page: Name; locals: Drawn[Name] } }[keyof Drawn];

/** By sample: page and locals. */
export const questionSamples: Record<string, Sample> = {
  'login-questions': { page: 'login', locals: login },
  'login-questions-refused': {
    page: 'login',
    locals: {
      ...login,
      register: {
        values: { email: 'mira@example.com', 'name.given_name': 'Mira', consent_news: 'yes', version_news: '1' },
        refusal: { code: 'password_too_short', field: 'password', params: { minimum: 8 } },
        also: [
          { code: 'answer_required', field: 'name.family_name', params: {} },
          { code: 'consent_required', field: 'consent_terms', params: {} },
        ],
      },
    },
  },
  'login-questions-below': {
    page: 'login',
    locals: { ...login, first: 'login', questions: { ...login.questions!, inputs: inputsOf([roast, children]) } },
  },
  'accept-terms': { page: 'accept-terms', locals: accept },
  'accept-terms-changed': {
    page: 'accept-terms',
    locals: { ...accept, consents: [{ ...terms, version: '3', renewed: true }], deferrable: true, graceEnd: Date.UTC(2026, 11, 24) },
  },
  'accept-terms-changed-refused': {
    page: 'accept-terms',
    locals: {
      ...accept,
      consents: [{ ...terms, version: '3', renewed: true }],
      form: { values: {}, refusal: { code: 'consent_required', field: 'consent_terms', params: {} } },
    },
  },
  'accept-terms-refused': {
    page: 'accept-terms',
    locals: {
      ...accept,
      form: {
        values: { consent_news: 'yes', version_news: '1' },
        refusal: { code: 'consent_required', field: 'consent_terms', params: {} },
      },
    },
  },
  'accept-terms-done': { page: 'accept-terms', locals: { ...accept, consents: [] } },
  'complete-account': { page: 'complete-account', locals: complete },
  'complete-account-optional': {
    page: 'complete-account',
    locals: { ...complete, skippable: true, asked: 'brewing children decaf', inputs: inputsOf([brewing, children, decaf]) },
  },
  'complete-account-group-refused': {
    page: 'complete-account',
    locals: {
      ...complete,
      asked: 'brewing children decaf',
      inputs: inputsOf([{ ...brewing, required: true }, children, { ...decaf, required: true }], family),
      form: {
        values: family,
        refusal: { code: 'answer_required', field: 'brewing.espresso', params: {} },
        also: [
          { code: 'answer_required', field: 'children.1.first_name', params: {} },
          { code: 'answer_required', field: 'decaf', params: {} },
        ],
      },
    },
  },
  'complete-account-refused': {
    page: 'complete-account',
    locals: {
      ...complete,
      form: {
        values: { 'name.given_name': 'Mira', phone_number: '020 7946 0018', birthdate: '1990-06-24' },
        refusal: { code: 'answer_required', field: 'name.family_name', params: {} },
        also: [
          { code: 'answer_required', field: 'favourite_roast', params: {} },
          { code: 'phone_number_invalid', field: 'phone_number', params: {} },
        ],
      },
    },
  },
  'complete-account-one': { page: 'complete-account', locals: { ...complete, asked: 'favourite_roast', inputs: inputsOf([roast]) } },
  'complete-account-address': {
    page: 'complete-account',
    locals: { ...complete, asked: 'address', inputs: inputsOf([field('address', { type: 'address', required: true })]) },
  },
  'complete-account-done': { page: 'complete-account', locals: { ...complete, inputs: [], asked: '', skippable: true } },
  'under-age': { page: 'under-age', locals: { age: 16, againUrl: action } },
  'under-age-account': { page: 'under-age', locals: { age: 16, againUrl: action, accountUrl: '/account' } },
  'confirm-consent': { page: 'confirm-consent', locals: { ...confirm, state: 'ask' } },
  'confirm-consent-confirmed': { page: 'confirm-consent', locals: { ...confirm, state: 'confirmed' } },
  'account-consents': { page: 'account-consents', locals: agreements },
  'account-consents-refused': {
    page: 'account-consents',
    locals: {
      ...agreements,
      form: { values: {}, refusal: { code: 'consent_outdated', field: 'consent_partner', params: {} } },
    },
  },
  'account-consents-none': { page: 'account-consents', locals: { ...agreements, documents: [], history: [] } },
  'account-profile-questions': { page: 'account-profile', locals: ownWords },
};
