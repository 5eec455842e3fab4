// The overview: who this is, how things stand, and the way to everything else.
import { Refusal } from '../../../errors.ts';
import * as oidcSessions from '../../../storage/oidc-sessions.ts';
import * as oidcTokens from '../../../storage/oidc-tokens.ts';
import * as passwords from '../../../storage/passwords.ts';
import type { Sentence } from '../../page-locals.ts';
import { appsOf } from './apps.ts';
import { deletionBanner, keep } from './delete.ts';
import { signOut } from './sign-out.ts';
import { type AccountPage, type AccountVisit, accountPath, accountTarget, hasConsents, type Segment, showAccount } from './visit.ts';
import { wordsFor } from './words.ts';

export const overview: AccountPage = {
  async show(visit) {
    const { account } = visit;
    const { given_name: given, name } = account.claims;
    const states = await statesOf(visit);
    showAccount(visit, 'account', {
      ...accountTarget(visit),
      name: given ?? name,
      email: account.email ?? undefined,
      cards: Object.entries(states)
        .filter(([segment]) => segment !== 'consents' || hasConsents(visit))
        .map(([segment, state]) => ({ segment, href: accountPath(visit, segment), state })),
      deletion: deletionBanner(visit),
    });
  },

  async submit(visit, form) {
    if (form.action === 'keep') return keep(visit);
    if (form.action !== 'sign_out') throw new Refusal('form_expired');
    return signOut(visit);
  },
};

/** A line each, in the order of the page. */
async function statesOf(visit: AccountVisit): Promise<Record<Exclude<Segment, ''>, Sentence>> {
  const { drawing, ctx, account } = visit;
  const { db } = drawing.services;
  const of = [db, ctx.state.brand.id, account.id] as const;
  const [browsers, unbound, apps, changedAt] = await Promise.all([
    oidcSessions.listOf(...of),
    oidcTokens.listUnboundApps(...of),
    appsOf(visit),
    passwords.changedAt(...of),
  ]);
  const { name } = account.claims;
  const date = (at: Date) => wordsFor(drawing, ctx).date(at);
  return {
    profile: name ? { key: 'account.state.profile', params: { name } } : { key: 'account.state.profileEmpty' },
    email: { key: account.emailVerified ? 'account.state.emailVerified' : 'account.state.email' },
    password: changedAt ? { key: 'account.state.password', params: { date: date(changedAt) } } : { key: 'account.state.passwordNone' },
    sessions: counted('account.state.sessions', browsers.length + unbound.length),
    apps: counted('account.state.apps', apps.length),
    consents: counted(
      'account.state.consents',
      Object.values(account.consents.current).filter(({ answer }) => answer === 'accepted').length,
    ),
    data: { key: 'account.state.data' },
    delete: account.eraseAfter
      ? { key: 'account.state.deletePending', params: { date: date(account.eraseAfter) } }
      : { key: 'account.state.delete' },
  };
}

/** `<key>None`, `<key>One`, or `<key>` with the count. */
function counted(key: string, count: number): Sentence {
  if (count === 0) return { key: `${key}None` };
  return count === 1 ? { key: `${key}One` } : { key, params: { count: String(count) } };
}
