// Every page in the states people meet it in.
import type { PageName, Pages } from '../../src/web/page-locals.ts';

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

export const samples: Record<string, Sample> = {
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
      also: { code: 'password_required', field: 'password', params: {}, sentence: 'login.passwordRequired' },
    },
    languageForm: { action, fields: { csrf, action: 'language', form: 'login', email: '', remember: '', refused: 'email_required.email' } },
  }),
  'login-waiting': of('login', { ...login, login: { values: typed, refusal: { code: 'too_many_attempts', params: {} } } }),
  'login-signed-out': of('login', {
    ...login,
    login: { values: {}, refusal: { code: 'account_unavailable', params: { brand: 'Roast & Co.' } } },
  }),
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
  unavailable: of('unavailable', { form: { kind: 'login', action, csrf, values: typed }, retryUrl: action }),
  'unavailable-again': of('unavailable', { retryUrl: action }),
  home: of('home', {}),
  'form-post': of('form-post', {
    action: 'https://app.example/callback',
    inputs: { code: 'abc', state: 'xyz', iss: 'https://id.example' },
  }),
};
