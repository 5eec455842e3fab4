// Every form that can be posted: its route, what it holds, and the few standings in which it changes anything, with what it changes there.
// Whatever is not named here changes nothing.
import { password } from '../../support/protocol.ts';
import { agreed, answered, chosen, type Standing, type StandingName } from './standings.ts';
import { newAddress } from './world.ts';

export interface Post {
  /** As the router names it. */
  route: string;
  /** What it would do. */
  does: string;
  /** Beside its token; the `action` first. */
  fields(standing: Standing): Record<string, string>;
  /** Where it changes something, and what: words of world.ts. */
  changes: Partial<Record<StandingName, string>>;
}

const at = (route: string, does: string, fields: Post['fields'], changes: Post['changes'] = {}): Post => ({ route, does, fields, changes });

const later = 'a fresh sign-in, where addresses are proved later';
const strange = 'a fresh sign-in of somebody who signed in elsewhere';
const again = 'signed in, asked for the password again';
/** At meadow, where nobody joins without agreeing. */
const agreeing = 'a fresh sign-in, where documents are to be agreed to';
const agreedTo = 'registration begun, with documents agreed to';

/** The sign-in page stands open in this browser. */
const atSignIn: StandingName[] = [
  'a fresh sign-in',
  'a fresh sign-in that wants an account',
  later,
  strange,
  'sign-in refused',
  'forgot password pressed',
  'reset asked',
  'reset link opened here',
  'reset done',
  'unlock asked',
  'unlock link opened',
  'registration begun',
  'registration begun for a known address',
  'registration confirmed elsewhere',
  again,
  agreeing,
  agreedTo,
];
const atProof: StandingName[] = ['signed in, address not proved yet', 'signed in, the proof was opened here'];
const terms = 'signed in, terms not accepted yet';
const newTerms = 'signed in, new terms that may wait';
const questions = 'signed in, questions not answered yet';
const mayWait = 'signed in, questions that may wait';
const atQuestions: StandingName[] = [terms, newTerms, questions, mayWait];
const inSignIn: StandingName[] = [...atSignIn, ...atProof, ...atQuestions, 'an app asks for access'];
const recovering: StandingName[] = ['forgot password pressed', 'reset asked', 'reset link opened here', 'reset done'];
/** Signed in to "my account" in the last five minutes. */
const atHome: StandingName[] = [
  'my account, just signed in',
  'my account, signed in elsewhere too',
  'my account, another address asked for',
  'my account, to be deleted',
  'my account, with consents to withdraw',
  again,
];
const atHomeForLong: StandingName[] = [...atHome, 'my account, signed in a while ago'];

/** Another app, or another browser, hears of it. */
const shared: StandingName[] = ['my account, signed in elsewhere too', again];

const on = (names: StandingName[], what: string): Post['changes'] => Object.fromEntries(names.map((name) => [name, what]));

const code = ({ digits = '000000' }: Standing) => ({ code: digits });
const wrong = ({ digits = '000000' }: Standing) => ({ code: digits.replace(/^./, (first) => String((Number(first) + 1) % 10)) });
const itself = ({ email, password: known = password }: Standing) => ({ email, password: known });

const root = '/interaction/:uid';
/** Nothing happens without the boxes. */
const unagreed: Post['changes'] = { [agreeing]: '', [agreedTo]: '' };

const prompts: Post[] = [
  at(root, 'sign in', (who) => ({ action: 'login', ...itself(who) }), {
    ...on(atSignIn, 'accounts interactions'),
    [strange]: 'accounts codes interactions mails',
    'registration begun': '',
    [agreedTo]: '',
  }),
  at(root, 'sign in with a wrong password', ({ email }) => ({ action: 'login', email, password: 'not the password' })),
  at(root, 'create an account', () => ({ action: 'register', email: newAddress(), password }), {
    ...on(atSignIn, 'codes mails'),
    [later]: 'accounts passwords identifiers codes interactions mails',
    ...unagreed,
  }),
  at(root, 'create an account that exists', (who) => ({ action: 'register', ...itself(who) }), {
    ...on(atSignIn, 'codes mails'),
    'registration begun': 'codes',
    'registration begun for a known address': 'codes',
    [later]: 'accounts interactions',
    ...unagreed,
  }),
  at(root, 'create an account, and agree', () => ({ action: 'register', email: newAddress(), password, ...agreed, ...answered }), {
    ...on([agreeing, ...atSignIn], 'codes mails'),
    [later]: 'accounts passwords identifiers codes interactions mails',
  }),
  at(
    root,
    'create an account, and agree to what was asked before',
    () => ({ action: 'register', email: newAddress(), password, ...agreed, ...answered, version_terms: '1' }),
    {
      ...on(atSignIn, 'codes mails'),
      [later]: 'accounts passwords identifiers codes interactions mails',
      ...unagreed,
    },
  ),
  at(root, 'have one item more', ({ email }) => ({ action: 'save', email, add: 'records', asked: 'records' })),
  at(root, 'forgot password', ({ email }) => ({ action: 'login', forgot: 'yes', email })),
  at(root, 'unlock', ({ email }) => ({ action: 'login', unlock: 'yes', email }), on(atSignIn, 'codes mails')),
  at(root, 'another language', ({ email }) => ({ action: 'language', lang: 'de', form: 'login', email, refused: 'wrong_credentials' })),
  at(root, 'prove the address', code, on(atProof, 'accounts codes interactions')),
  at(root, 'prove the address with a wrong code', wrong),
  at(root, 'mail the proof again', () => ({ action: 'again' }), on(atProof, 'codes mails')),
  at(root, 'carry on', () => ({ action: 'carry-on' })),
  at(root, 'use another account', () => ({ action: 'switch' })),
  at(root, 'grant access', () => ({ action: 'allow' }), { 'an app asks for access': 'grants interactions' }),
  at(root, 'continue', () => ({ action: 'continue' }), { 'an app asks for access': 'grants interactions' }),
  at(root, 'refuse access', () => ({ action: 'deny' }), on(['an app asks for access', ...atQuestions], 'interactions')),
  at(root, 'accept what is asked', () => ({ action: 'accept', ...agreed }), {
    [terms]: 'accounts consents codes interactions mails',
    [newTerms]: 'accounts consents interactions',
  }),
  at(
    root,
    'accept the terms alone',
    () => ({ action: 'accept', consent_terms: 'yes', version_terms: '2' }),
    on([terms, newTerms], 'accounts consents interactions'),
  ),
  at(root, 'accept without the box', () => ({ action: 'accept', ...agreed, consent_terms: 'no' })),
  at(root, 'accept what was asked before', () => ({ action: 'accept', ...agreed, version_terms: '1' })),
  at(root, 'put the terms off', () => ({ action: 'later' }), { [newTerms]: 'accounts interactions' }),
  at(
    root,
    'answer what is asked',
    () => ({ action: 'save', asked: 'club colour', ...answered }),
    on([questions, mayWait], 'accounts interactions'),
  ),
  at(root, 'answer half of it', () => ({ action: 'save', asked: 'club colour', colour: 'violet' })),
  at(root, 'answer wrongly', () => ({ action: 'save', asked: 'club colour', ...answered, colour: 'x'.repeat(4_000) })),
  at(root, 'skip the questions', () => ({ action: 'skip', asked: 'club colour records' }), { [mayWait]: 'accounts interactions' }),
  at(root, 'what no page offers', () => ({ action: 'verify', login: 'true', accountId: '1', consent: 'true' })),
];

const registration = `${root}/verify-email`;
const recovery = `${root}/forgot-password`;

const steps: Post[] = [
  at(registration, 'make the account', code, {
    'registration begun': 'accounts passwords identifiers codes interactions',
    [agreedTo]: 'accounts consents passwords identifiers codes interactions mails',
    'registration confirmed elsewhere': 'accounts interactions',
  }),
  at(registration, 'make the account with a wrong code', wrong, { 'registration confirmed elsewhere': 'accounts interactions' }),
  at(
    registration,
    'mail the code again',
    () => ({ action: 'again' }),
    on(['registration begun', 'registration begun for a known address', agreedTo], 'codes mails'),
  ),
  at(registration, 'carry on', () => ({ action: 'carry-on' }), { 'registration confirmed elsewhere': 'accounts interactions' }),
  at(recovery, 'ask for a code', ({ email }) => ({ action: 'ask', email }), on(inSignIn, 'codes mails')),
  at(recovery, 'ask again', () => ({ action: 'again' }), on(recovering, 'codes mails')),
  at(recovery, 'use another address', () => ({ action: 'another' })),
  at(
    recovery,
    'set a password',
    (who) => ({ action: 'reset', ...code(who), password: chosen }),
    on(['reset asked', 'reset link opened here'], 'accounts passwords codes mails'),
  ),
  at(recovery, 'set a password with a wrong code', (who) => ({ action: 'reset', ...wrong(who), password: chosen })),
  at(recovery, 'set a password without a code', () => ({ action: 'reset', password: chosen })),
  at(`${root}/ask-unlock`, 'ask for a link', ({ email }) => ({ email }), on(inSignIn, 'codes mails')),
];

const reset = 'accounts passwords codes mails';

const links: Post[] = [
  ...link('confirm-email', 'confirm', {
    '': { 'change link opened': 'accounts identifiers codes mails', 'signed in, the proof was opened here': 'accounts codes' },
    [root]: { 'registration link opened elsewhere': 'accounts passwords identifiers codes' },
  }),
  ...link('reset-password', 'set a password', { [root]: { 'reset link opened here': reset, 'reset link opened elsewhere': reset } }),
  ...link('unlock', 'unlock', { [root]: { 'unlock link opened': 'codes' } }),
  ...link('undo-email', 'undo', { '': { 'undo link opened': 'accounts passwords identifiers codes' } }),
  ...link('secure-account', 'secure', { '': { 'secure link opened': 'accounts passwords codes' } }),
  ...link('keep-account', 'keep', { '': { 'keep link opened': 'accounts codes' } }),
  ...link('confirm-consent', 'confirm', { '': { 'consent link opened': 'accounts consents codes' } }),
];

/** At its own address and under a sign-in's. */
function link(name: string, does: string, changes: Record<string, Post['changes']>): Post[] {
  const fields = (): Record<string, string> => (name === 'reset-password' ? { password: chosen } : {});
  return ['', root].map((under) => at(`${under}/${name}`, does, fields, changes[under]));
}

/** One of the brand's documents, and in a version that was never shown. */
function consents(action: 'accept' | 'withdraw', document: string, changes: Post['changes'] = {}): Post[] {
  const version = document === 'terms' ? '2' : '1';
  return [
    at('/account/consents', `${action} ${document}`, () => ({ action, document, version }), changes),
    at('/account/consents', `${action} another version of ${document}`, () => ({ action, document, version: '9' })),
  ];
}

const account: Post[] = [
  at('/account', 'sign out', () => ({ action: 'sign_out' }), {
    ...on(atHomeForLong, 'sessions grants'),
    [again]: 'sessions grants logouts',
  }),
  at('/account', 'keep', () => ({ action: 'keep' }), { 'my account, to be deleted': 'accounts codes' }),
  at('/account', 'what no page offers', () => ({ action: 'delete', confirm: 'yes' })),
  at('/account/profile', 'save', () => ({ asked: 'given_name locale', given_name: 'Ada', locale: 'de' }), on(atHomeForLong, 'accounts')),
  at('/account/profile', 'save what is no answer', () => ({ asked: 'given_name phone_number', given_name: 'Ada', phone_number: 'none' })),
  at('/account/profile', 'have one item more', () => ({ given_name: 'Ada', add: 'records' })),
  at('/account/profile', 'another language', () => ({ action: 'language', lang: 'de', given_name: 'Ada', refused: 'name_malformed' })),
  ...consents('accept', 'news', { 'my account, with consents to withdraw': 'accounts consents' }),
  ...consents('accept', 'letters', { 'my account, with consents to withdraw': 'accounts codes mails' }),
  ...consents('withdraw', 'terms', { 'my account, with consents to withdraw': 'accounts consents' }),
  ...consents('accept', 'nothing'),
  ...consents('withdraw', '__proto__'),
  at('/account/email', 'ask for another address', () => ({ action: 'ask', email: newAddress(), password }), on(atHome, 'codes mails')),
  at(
    '/account/email',
    "ask for a stranger's address",
    ({ stranger }) => ({ action: 'ask', email: stranger?.email ?? '', password }),
    on(atHome, 'codes mails'),
  ),
  at('/account/email', 'ask with a wrong password', () => ({ action: 'ask', email: newAddress(), password: chosen })),
  at('/account/email', 'confirm', code, { 'my account, another address asked for': 'accounts identifiers codes mails' }),
  at('/account/email', 'confirm with a wrong code', wrong),
  at('/account/email', 'again', () => ({ action: 'again' }), { 'my account, another address asked for': 'codes mails' }),
  at('/account/email', 'cancel', () => ({ action: 'cancel' })),
  at('/account/email', 'another', () => ({ action: 'another' })),
  at('/account/password', 'change', () => ({ password, new_password: chosen }), {
    ...on(atHomeForLong, 'accounts passwords codes mails'),
    'my account, signed in elsewhere too': 'accounts passwords codes sessions grants tokens mails logouts',
  }),
  at('/account/password', 'change with a wrong password', () => ({ password: chosen, new_password: chosen })),
  at('/account/password', 'change without the old one', () => ({ new_password: chosen })),
  at('/account/password', 'mail a link', () => ({ action: 'mail' }), on(atHomeForLong, 'codes mails')),
  at('/account/sessions', 'end the others', () => ({ action: 'others' }), {
    ...on(atHomeForLong, 'accounts'),
    'my account, signed in elsewhere too': 'accounts sessions grants tokens logouts',
  }),
  at('/account/sessions', 'end everything', () => ({ action: 'everything' }), {
    ...on(atHomeForLong, 'accounts sessions grants tokens'),
    ...on(shared, 'accounts sessions grants tokens logouts'),
  }),
  at('/account/sessions', 'end this one', ({ sessionUid = 'none' }) => ({ session: sessionUid }), {
    ...on(atHomeForLong, 'sessions grants'),
    [again]: 'sessions grants logouts',
  }),
  at('/account/sessions', 'end another one', ({ elsewhere }) => ({ session: elsewhere?.uid ?? 'none' }), {
    'my account, signed in elsewhere too': 'sessions grants logouts',
  }),
  at('/account/sessions', 'sign an app out', ({ elsewhere }) => ({ app: elsewhere?.grantId ?? 'none' }), {
    'my account, signed in elsewhere too': 'grants tokens',
  }),
  at('/account/sessions', "end a stranger's", ({ stranger }) => ({ session: stranger?.uid ?? 'none' })),
  at('/account/sessions', "sign a stranger's app out", ({ stranger }) => ({ app: stranger?.grantId ?? 'none' })),
  at('/account/apps', 'withdraw', () => ({ client: 'partner' }), { 'my account, signed in elsewhere too': 'grants tokens' }),
  at('/account/data', 'download', () => ({}), on(atHome, 'codes mails')),
  at('/account/delete', 'delete', () => ({ confirm: 'yes' }), {
    ...on(atHome, 'accounts codes sessions grants tokens mails'),
    ...on(shared, 'accounts codes sessions grants tokens mails logouts'),
    'my account, to be deleted': '',
  }),
  at('/account/delete', 'delete without meaning it', () => ({})),
  at('/account/delete', 'keep', () => ({ action: 'keep' }), { 'my account, to be deleted': 'accounts codes' }),
];

export const posts: readonly Post[] = [...prompts, ...steps, ...links, ...account];
