// The pages by which people change their address and password, and undo what somebody else changed.
import type { AccountPages } from '../../src/web/locals/account.ts';
import type { RecoveryPages } from '../../src/web/locals/recovery.ts';
import { accountFrame } from './account-samples.ts';

const csrf = 'q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6';
const back = { name: 'Roast Rewards', url: 'http://localhost:3001/' };
const empty = { values: {} };
const email = {
  ...{ frame: accountFrame('email', { back }), action: '/account/email', csrf, form: empty, sent: false },
  ...{ state: 'ask', current: 'mira@example.com', verified: true, hasPassword: true },
} satisfies AccountPages['account-email'];
const waiting = { ...email, state: 'waiting', pending: 'mira.okonkwo@post.example' } as const;
const password = {
  ...{ frame: accountFrame('password', { back }), action: '/account/password', csrf, form: empty, sent: false },
  ...{ hasPassword: true, passwordMinimum: 8, email: 'mira@example.com' },
} satisfies AccountPages['account-password'];
const undo = { action: '/undo-email', csrf, before: 'mira@example.com', email: 'e***@evil.example', accountUrl: '/account' };
const secure = { action: '/secure-account', csrf, accountUrl: '/account' };

type Drawn = Pick<AccountPages, 'account-email' | 'account-password'> & Pick<RecoveryPages, 'undo-email' | 'secure-account'>;

/** By sample: page and locals. */
export const changeSamples: Record<string, { page: keyof Drawn; locals: Drawn[keyof Drawn] }> = {
  'account-email': { page: 'account-email', locals: email },
  'account-email-refused': {
    page: 'account-email',
    locals: {
      ...email,
      form: { values: { email: 'mira@post.example' }, refusal: { code: 'password_wrong', field: 'password', params: {} } },
    },
  },
  'account-email-no-password': { page: 'account-email', locals: { ...email, verified: false, hasPassword: false } },
  'account-email-waiting': { page: 'account-email', locals: waiting },
  'account-email-waiting-refused': {
    page: 'account-email',
    locals: { ...waiting, form: { values: {}, refusal: { code: 'code_wrong', field: 'code', params: {} } } },
  },
  'account-email-tried-out': {
    page: 'account-email',
    locals: { ...waiting, state: 'tried_out', form: { values: {}, refusal: { code: 'code_tries', params: {} } } },
  },
  'account-password': { page: 'account-password', locals: password },
  'account-password-refused': {
    page: 'account-password',
    locals: { ...password, form: { values: {}, refusal: { code: 'password_too_short', field: 'new_password', params: { minimum: 8 } } } },
  },
  'account-password-done': {
    page: 'account-password',
    locals: { ...password, frame: accountFrame('password', { back, done: 'password' }) },
  },
  'account-password-none': { page: 'account-password', locals: { ...password, hasPassword: false } },
  'account-password-sent': { page: 'account-password', locals: { ...password, hasPassword: false, sent: true } },
  'undo-email': { page: 'undo-email', locals: { ...undo, state: 'ask' } },
  'undo-email-undone': { page: 'undo-email', locals: { ...undo, state: 'undone' } },
  'secure-account': { page: 'secure-account', locals: { ...secure, state: 'ask' } },
  'secure-account-secured': { page: 'secure-account', locals: { ...secure, state: 'secured' } },
};
