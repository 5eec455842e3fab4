// The pages by which people take their data with them, leave, and come back after all.
import type { AccountPages } from '../../src/web/locals/account.ts';
import { accountFrame } from './account-samples.ts';

const csrf = 'q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6';
const date = '6 December 2026';
const deleting = { frame: accountFrame('delete'), action: '/account/delete', csrf, form: { values: {} }, date };
const keeping = { action: '/keep-account', csrf, accountUrl: '/account' };

type Name = 'account-data' | 'account-delete' | 'keep-account';

/** By sample: page and locals. */
export const leavingSamples: Record<string, { page: Name; locals: AccountPages[Name] }> = {
  'account-data': { page: 'account-data', locals: { frame: accountFrame('data'), action: '/account/data', csrf } },
  'account-delete': { page: 'account-delete', locals: deleting },
  'account-delete-refused': {
    page: 'account-delete',
    locals: { ...deleting, form: { values: {}, refusal: { code: 'confirmation_required', field: 'confirm', params: {} } } },
  },
  'account-delete-asked': { page: 'account-delete', locals: { ...deleting, deletion: { action: '/account', csrf, date } } },
  'keep-account': { page: 'keep-account', locals: { ...keeping, outcome: 'ask', date } },
  'keep-account-kept': { page: 'keep-account', locals: { ...keeping, outcome: 'kept' } },
  'keep-account-requested': { page: 'keep-account', locals: { ...keeping, outcome: 'requested', date } },
  'keep-account-gone': { page: 'keep-account', locals: { ...keeping, outcome: 'gone' } },
};
