// Where a person is signed in: this browser, other ones, and apps that stay signed in by themselves. One press ends one, or all.
import { Refusal } from '../../../errors.ts';
import { endSession, endSessions } from '../../../flows/end-session.ts';
import { signOutApp } from '../../../flows/withdraw-access.ts';
import * as oidcSessions from '../../../storage/oidc-sessions.ts';
import * as oidcTokens from '../../../storage/oidc-tokens.ts';
import type { Place } from '../../locals/account.ts';
import { sourceOf } from '../../source.ts';
import { clientName } from './client-back.ts';
import { leave, signOut } from './sign-out.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';
import { type Words, wordsFor } from './words.ts';

export const sessions: AccountPage = {
  async show(visit) {
    const { drawing, ctx, account, session } = visit;
    const { db } = drawing.services;
    const words = wordsFor(drawing, ctx);
    const [browsers, apps] = await Promise.all([
      oidcSessions.listOf(db, ctx.state.brand.id, account.id),
      oidcTokens.listUnboundApps(db, ctx.state.brand.id, account.id),
    ]);
    browsers.sort((one, other) => Number(other.uid === session.uid) - Number(one.uid === session.uid));
    const places = [
      ...(await Promise.all(browsers.map((browser) => placeOfBrowser(visit, words, browser)))),
      ...(await Promise.all(apps.map((app) => placeOfApp(visit, words, app)))),
    ];
    showAccount(visit, 'account-sessions', { ...accountTarget(visit, 'sessions'), places });
  },

  async submit(visit, form) {
    const { drawing, ctx, account, session } = visit;
    const of = { accountId: account.id, source: sourceOf(ctx) };
    if (form.session === session.uid) return signOut(visit);
    if (form.session) {
      await endSession(drawing.services, ctx.state.brand, { ...of, sessionUid: form.session });
      return done(visit, 'sessions', 'session');
    }
    if (form.app) {
      await signOutApp(drawing.services, ctx.state.brand, { ...of, grantId: form.app });
      return done(visit, 'sessions', 'app');
    }
    const { action } = form;
    if (action !== 'others' && action !== 'everything') throw new Refusal('form_expired');
    await endSessions(drawing.services, ctx.state.brand, { ...of, keepSessionUid: action === 'others' ? session.uid : undefined });
    return action === 'others' ? done(visit, 'sessions', 'others') : leave(visit);
  },
};

async function placeOfBrowser({ ctx, session }: AccountVisit, words: Words, seen: oidcSessions.SessionSummary): Promise<Place> {
  const { uid, device, network, createdAt, usedAt, clientIds } = seen;
  const names = await Promise.all(clientIds.map((id) => clientName(ctx, id)));
  return {
    kind: 'session',
    id: uid,
    current: uid === session.uid,
    title: words.device(device),
    network: words.network(network),
    since: words.date(createdAt),
    used: usedAt ? words.ago(usedAt) : undefined,
    apps: names.length > 0 ? words.all(names) : undefined,
  };
}

async function placeOfApp({ ctx }: AccountVisit, words: Words, app: oidcTokens.UnboundApp): Promise<Place> {
  const { grantId, clientId, grantedAt, usedAt } = app;
  const title = await clientName(ctx, clientId);
  return { kind: 'app', id: grantId, current: false, title, since: words.date(grantedAt), used: words.ago(usedAt) };
}
