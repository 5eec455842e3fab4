// What a person can do at the shop.
import type { Answer, Visit } from './listener.ts';
import { failedPage, homePage } from './pages.ts';
import { beginSignIn, finishSignIn, isUnreachable, oauthError, refresh, signOutUrl } from './relying-party.ts';
import { remember, type Session } from './sessions.ts';
import { homeOf } from './sites.ts';

export const routes: Readonly<Record<string, (visit: Visit) => Promise<Answer>>> = {
  'GET /': async ({ site, sessions, sessionId }) => homePage(site, sessions.find(sessionId)?.signedIn),
  'GET /style.css': async ({ site }) => ({ status: 200, type: 'text/css', body: site.stylesheet }),
  'GET /sign-in': (visit) => begin(visit),
  'GET /create-account': (visit) => begin(visit, 'create'),
  'GET /callback': callback,
  'POST /refresh': refreshTokens,
  'POST /sign-out': signOut,
};

async function begin({ site, sessions, sessionId }: Visit, prompt?: 'create'): Promise<Answer> {
  const { url, state, pending } = await beginSignIn(site, prompt);
  const known = sessions.find(sessionId);
  const session: Session = known ?? { pending: new Map() };
  remember(session, state, pending);
  return { status: 303, location: url.href, ...(known ? {} : { sessionId: sessions.add(session) }) };
}

async function callback({ site, url, sessions, sessionId }: Visit): Promise<Answer> {
  const session = sessions.find(sessionId);
  const state = url.searchParams.get('state') ?? '';
  const pending = session?.pending.get(state);
  if (!session || !pending) {
    // The back button, a reload: the sign-in is done, or it never began in this browser.
    return session?.signedIn ? { status: 303, location: homeOf(site) } : failedPage(site, 'unknown');
  }
  try {
    pending.result ??= finishSignIn(site, url, state, pending);
    const signedIn = await pending.result;
    sessions.remove(sessionId);
    return { status: 303, location: homeOf(site), sessionId: sessions.add({ pending: new Map(), signedIn }) };
  } catch (error) {
    pending.result = undefined;
    if (isUnreachable(error)) throw error;
    session.pending.delete(state);
    const code = oauthError(error);
    return code === 'access_denied' ? failedPage(site, 'denied') : failedPage(site, 'failed', code ?? (error as Error).message);
  }
}

async function refreshTokens({ site, sessions, sessionId }: Visit): Promise<Answer> {
  const session = sessions.find(sessionId);
  if (!session?.signedIn) return { status: 303, location: homeOf(site) };
  try {
    session.refreshing ??= renew(session, site);
    await session.refreshing;
    return { status: 303, location: homeOf(site) };
  } catch (error) {
    if (oauthError(error) !== 'invalid_grant') throw error;
    // Signed out elsewhere, or the time was up.
    sessions.remove(sessionId);
    return { ...failedPage(site, 'ended'), sessionId: '' };
  } finally {
    session.refreshing = undefined;
  }
}

async function renew(session: Session, site: Visit['site']): Promise<void> {
  if (session.signedIn) session.signedIn = await refresh(site, session.signedIn);
}

async function signOut({ site, sessions, sessionId }: Visit): Promise<Answer> {
  const signedIn = sessions.find(sessionId)?.signedIn;
  // Here first: whatever happens at the issuer, this browser is signed out of the shop.
  sessions.remove(sessionId);
  if (!signedIn) return { status: 303, location: homeOf(site), sessionId: '' };
  return { status: 303, location: (await signOutUrl(site, signedIn)).href, sessionId: '' };
}
