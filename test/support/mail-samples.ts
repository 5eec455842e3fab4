// Every mail as the flows write it; links begin with the issuer.
import type { Mail, MailName, Mails } from '../../src/domain/mails.ts';
import type { Seen } from '../../src/domain/sources.ts';

const seen: Seen = { device: 'Chrome/Windows', network: '203.0.113.0/24' };
const when = '2026-11-22T10:30:00.000Z';
const token = 'q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6j7k8l9y0x1c2';
const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

export function mailSamples(issuer: string, locale = 'en', to = 'mira@example.com'): { [Name in MailName]: Mail<Name> } {
  const link = (path: string) => `${issuer}${path}?token=${token}`;
  const mail = <Name extends MailName>(name: Name, params: Mails[Name], seconds: number) =>
    ({ name, params, to, locale, seconds }) as unknown as Mail<Name>;
  const inside = '/interaction/8vKq3nJ2bYtR5mXwZc7Lp';
  const notMe = link('/secure-account');
  return {
    confirm_registration: mail('confirm_registration', { digits: '482913', link: link(`${inside}/confirm-email`), seen }, 24 * HOUR),
    account_exists: mail('account_exists', { link: `${issuer}/account`, seen }, 24 * HOUR),
    verify_email: mail('verify_email', { digits: '048291', link: link('/confirm-email') }, 24 * HOUR),
    reset_password: mail('reset_password', { digits: '913482', link: link(`${inside}/reset-password`), seen }, HOUR),
    no_password: mail('no_password', { providers: ['Google', 'Apple'], link: `${issuer}/account`, seen }, HOUR),
    unlock: mail('unlock', { link: link('/unlock'), seen }, HOUR),
    change_email: mail('change_email', { digits: '700123', link: link('/confirm-email') }, HOUR),
    address_taken: mail('address_taken', { link: `${issuer}/account` }, HOUR),
    email_changed: mail('email_changed', { newEmail: 'm***@elsewhere.example', link: link('/undo-email'), seen, when }, WEEK),
    password_changed: mail('password_changed', { how: 'recovered', link: notMe, seen, when }, WEEK),
    new_device: mail('new_device', { link: notMe, seen: { network: '2001:db8:1::/48' }, when }, WEEK),
    deletion_requested: mail('deletion_requested', { until: '2026-12-06T10:30:00.000Z', link: link('/keep-account'), seen }, 2 * WEEK),
    account_erased: mail('account_erased', {}, WEEK),
    confirm_consent: mail(
      'confirm_consent',
      { statement: 'Send me news about new roasts, about once a month.', link: link('/confirm-consent'), seen },
      WEEK,
    ),
    data_exported: mail('data_exported', { link: notMe, seen, when }, WEEK),
  };
}
