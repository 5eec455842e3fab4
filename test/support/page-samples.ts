// Every page in the states people meet it in.
import type { PageName, Pages } from '../../src/web/page-locals.ts';
import { accountSamples } from './account-samples.ts';
import { changeSamples } from './change-samples.ts';
import { leavingSamples } from './leaving-samples.ts';
import { questionSamples } from './question-samples.ts';

interface Sample<Name extends PageName = PageName> {
  page: Name;
  locals: Pages[Name];
}

const of = <Name extends PageName>(page: Name, locals: Pages[Name]): Sample => ({ page, locals }) as Sample;

const action = '/interaction/8vKq3nJ2bYtR5mXwZc7Lp';
const csrf = 'q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6j7k8l9y0x1c';
const empty = { values: {} };
const login = { action, csrf, first: 'login', login: empty, register: empty, passwordMinimum: 8 } as const;
const typed = { email: 'mira@example.com' };
const forgot = { action, csrf, backUrl: action };
/** As a developer sees it. */
const developing = { devInboxUrl: '/dev/mail' };
const mailed = { email: typed.email, again: false, passwordMinimum: 8 };

export const samples: Record<string, Sample> = {
  ...(accountSamples as Record<string, Sample>),
  ...(changeSamples as Record<string, Sample>),
  ...(leavingSamples as Record<string, Sample>),
  ...(questionSamples as Record<string, Sample>),
  login: of('login', login),
  'login-register-first': of('login', { ...login, first: 'register' }),
  'login-refused': of('login', {
    ...login,
    login: { values: { ...typed, remember: 'yes' }, refusal: { code: 'wrong_credentials', field: 'password', params: {} } },
  }),
  'login-register-refused': of('login', {
    ...login,
    register: { values: typed, refusal: { code: 'password_too_short', field: 'password', params: { minimum: 8 } } },
  }),
  'login-both-empty': of('login', {
    ...login,
    login: {
      values: {},
      refusal: { code: 'email_required', field: 'email', params: {} },
      also: [{ code: 'password_required', field: 'password', params: {}, sentence: 'login.passwordRequired' }],
    },
    languageForm: { action, fields: { csrf, action: 'language', form: 'login', email: '', remember: '', refused: 'email_required.email' } },
  }),
  'login-waiting': of('login', {
    ...login,
    login: { values: typed, refusal: { code: 'too_many_attempts', params: {}, sentence: 'login.tooManyAttempts' } },
  }),
  'login-signed-out': of('login', {
    ...login,
    login: { values: {}, refusal: { code: 'account_unavailable', params: { brand: 'Roast & Co.' } } },
  }),
  'login-again': of('login', { ...login, login: { values: typed }, notice: 'again' }),
  'login-password-changed': of('login', { ...login, login: { values: typed }, notice: 'password_changed' }),
  'forgot-password': of('forgot-password', { ...forgot, form: { values: typed } }),
  'forgot-password-refused': of('forgot-password', {
    ...forgot,
    form: { values: {}, refusal: { code: 'email_required', field: 'email', params: {} } },
  }),
  'forgot-password-sent': of('forgot-password-sent', { ...forgot, ...mailed, form: empty }),
  'forgot-password-developing': of('forgot-password-sent', { ...forgot, ...mailed, form: empty, ...developing }),
  'forgot-password-again': of('forgot-password-sent', { ...forgot, ...mailed, again: true, form: empty }),
  'forgot-password-tries': of('forgot-password-sent', {
    ...forgot,
    ...mailed,
    form: { values: { code: '123456' }, refusal: { code: 'code_tries', field: 'code', params: {} } },
  }),
  'reset-password': of('reset-password', { email: typed.email, action: '/reset-password', csrf, passwordMinimum: 8, form: empty }),
  'reset-password-undone': of('reset-password', {
    ...{ email: typed.email, action: '/reset-password', csrf, passwordMinimum: 8, form: empty },
    after: 'undone',
  }),
  'reset-password-refused': of('reset-password', {
    action: '/reset-password',
    csrf,
    passwordMinimum: 8,
    form: { values: {}, refusal: { code: 'password_contains_context', field: 'password', params: {} } },
  }),
  'password-changed': of('password-changed', {}),
  'unlock-sent': of('unlock-sent', { ...forgot, email: typed.email, again: false }),
  unlock: of('unlock', { action: '/unlock', csrf }),
  unlocked: of('unlocked', {}),
  'login-closed': of('login', { ...login, register: undefined }),
  consent: of('consent', {
    action,
    csrf,
    redirectHost: 'barista-finder.example',
    access: [
      { key: 'scopes.openid' },
      { key: 'scopes.email' },
      { key: 'claims.name' },
      { key: 'claims.birthdate' },
      { key: 'scopes.api', params: { scope: 'orders:read', api: 'api.roast.example' } },
    ],
    again: false,
    account: 'm***@example.com',
    switchable: true,
  }),
  'consent-again': of('consent', {
    action,
    csrf,
    redirectHost: 'barista-finder.example',
    access: [{ key: 'scopes.openid' }, { key: 'scopes.profile' }],
    again: true,
    account: 'm***@example.com',
    switchable: true,
  }),
  continue: of('continue', { action, csrf, account: 'm***@example.com', switchable: true }),
  logout: of('logout', { action, xsrf: csrf, account: 'm***@example.com' }),
  // It sends itself, as the other one does.
  'form-post-sign-out': of('logout', { action, xsrf: csrf, hinted: true }),
  'logged-out': of('logged-out', {}),
  device: of('device', { action, xsrf: csrf, form: empty }),
  'device-refused': of('device', {
    action,
    xsrf: csrf,
    form: { values: { user_code: 'WDJB-MJHX' }, refusal: { code: 'user_code_unknown', field: 'user_code', params: {} } },
  }),
  'device-confirm': of('device-confirm', {
    action,
    xsrf: csrf,
    userCode: 'WDJB-MJHT',
    device: { description: 'Smart TV, Tizen', address: '203.0.113.24' },
  }),
  'device-done': of('device-done', { outcome: 'connected' }),
  'device-stopped': of('device-done', { outcome: 'stopped' }),
  error: of('error', { reason: 'request', reference: '7Q2K-MX4R', detail: 'redirect_uri did not match any of the registered ones' }),
  'error-fault': of('error', { reason: 'fault', reference: '7Q2K-MX4R' }),
  'error-not-found': of('error', { reason: 'not_found', reference: '7Q2K-MX4R' }),
  'error-form': of('error', { reason: 'form', reference: '7Q2K-MX4R', retryUrl: action }),
  'error-malformed': of('error', { reason: 'malformed', reference: '7Q2K-MX4R' }),
  'error-too-large': of('error', { reason: 'too_large', reference: '7Q2K-MX4R' }),
  'error-too-many': of('error', { reason: 'too_many', reference: '7Q2K-MX4R' }),
  'error-refused': of('error', { reason: 'refused', reference: '7Q2K-MX4R' }),
  gone: of('gone', { reason: 'expired' }),
  'gone-finished': of('gone', { reason: 'finished', restartUrl: '/auth?client_id=x' }),
  'gone-done': of('gone', { reason: 'done' }),
  'gone-other-account': of('gone', { reason: 'other_account', restartUrl: '/auth?client_id=x' }),
  'gone-other-browser': of('gone', { reason: 'other_browser' }),
  'verify-email': of('verify-email', { action, csrf, state: 'waiting', email: typed.email, form: empty, sent: false, backUrl: action }),
  'verify-email-again': of('verify-email', {
    action,
    csrf,
    state: 'waiting',
    email: typed.email,
    form: empty,
    sent: true,
    backUrl: action,
  }),
  'verify-email-wrong': of('verify-email', {
    action,
    csrf,
    state: 'waiting',
    email: typed.email,
    form: { values: {}, refusal: { code: 'code_wrong', field: 'code', params: {} } },
    sent: false,
    backUrl: action,
  }),
  'verify-email-tried-out': of('verify-email', {
    action,
    csrf,
    state: 'tried_out',
    email: typed.email,
    form: { values: {}, refusal: { code: 'code_tries', params: {} } },
    sent: false,
    backUrl: action,
  }),
  'verify-email-unsent': of('verify-email', {
    action,
    csrf,
    state: 'unsent',
    email: typed.email,
    form: empty,
    sent: false,
    switchable: true,
  }),
  'verify-email-confirmed': of('verify-email', { action, csrf, state: 'confirmed', email: typed.email, form: empty, sent: false }),
  'verify-email-expired': of('verify-email', { action, csrf, state: 'expired', form: empty, sent: false, backUrl: action }),
  'confirm-email': of('confirm-email', {
    action,
    csrf,
    state: 'ask',
    email: typed.email,
    begun: { device: 'Chrome on Windows', network: '203.0.113.*', ago: '5 minutes ago' },
    accountUrl: '/account',
  }),
  'confirm-email-confirmed': of('confirm-email', {
    action,
    csrf,
    state: 'confirmed',
    email: typed.email,
    begun: { ago: '5 minutes ago' },
    accountUrl: '/account',
  }),
  'confirm-email-carry-on': of('confirm-email', {
    action,
    csrf,
    state: 'confirmed',
    email: typed.email,
    begun: { ago: '5 minutes ago' },
    carryOn: { action, csrf },
    accountUrl: '/account',
  }),
  'confirm-email-taken': of('confirm-email', {
    action,
    csrf,
    state: 'taken',
    email: typed.email,
    begun: { ago: '5 minutes ago' },
    accountUrl: '/account',
  }),
  'confirm-email-changed': of('confirm-email', {
    action,
    csrf,
    state: 'changed',
    email: typed.email,
    begun: { ago: '5 minutes ago' },
    accountUrl: '/account',
  }),
  'dead-link': of('dead-link', { next: 'new', url: action }),
  'dead-link-sign-in': of('dead-link', { next: 'sign_in', url: '/account' }),
  'dead-link-forgot': of('dead-link', { next: 'forgot', url: '/account' }),
  unavailable: of('unavailable', { form: { kind: 'login', action, csrf, values: typed }, retryUrl: action }),
  'unavailable-again': of('unavailable', { retryUrl: action }),
  home: of('home', {}),
  inbox: of('inbox', {
    url: '/dev/mail',
    mails: [
      {
        url: '/dev/mail/1',
        subject: 'Confirm your email for Roast & Co.',
        to: 'mira@example.com',
        brand: 'Roast & Co.',
        at: { iso: '2026-11-22T10:30:00.000Z', shown: 'Nov 22, 2026, 10:30:00 AM' },
        digits: '482913',
      },
      {
        url: '/dev/mail/2',
        subject: 'Your password for Harbour has changed',
        to: 'a.rather.long.address.of.somebody@a-rather-long-domain.example.com',
        brand: 'Harbour',
        at: { iso: '2026-11-22T10:20:00.000Z', shown: 'Nov 22, 2026, 10:20:00 AM' },
      },
    ],
  }),
  'inbox-empty': of('inbox', { url: '/dev/mail', mails: [] }),
  'inbox-mail': of('inbox-mail', {
    inboxUrl: '/dev/mail',
    htmlUrl: 'about:blank',
    subject: 'Confirm your email for Roast & Co.',
    text: 'Roast & Co.\n\nConfirm your email\n\n    482913\n\nhttps://id.roast.example/confirm-email?token=q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6j7k8l9y0x1c2\n',
    digits: '482913',
    link: 'https://id.roast.example/confirm-email?token=q1w2',
    facts: [
      ['inbox-mail.to', 'mira@example.com'],
      ['inbox-mail.from', 'Roast & Co. <no-reply@id.roast.example>'],
      ['inbox-mail.id', '<0d6b7f5e-2f0c-4f7e-9f39-1a2b3c4d5e6f@id.roast.example>'],
    ],
  }),
  'form-post': of('form-post', {
    action: 'https://app.example/callback',
    inputs: { code: 'abc', state: 'xyz', iss: 'https://id.example' },
  }),
};
