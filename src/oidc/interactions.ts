// The paused authorization request behind a page: found only in the browser that began it, finished by one result.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { AskedRequest } from './restart.ts';

export interface PausedRequest extends AskedRequest {
  uid: string;
  prompt: { name: string; reasons: string[]; details: Record<string, unknown> };
  accountId: string | undefined;
  grantId: string | undefined;
  /** Of a device without a keyboard: it cannot begin again from here. */
  forDevice: boolean;
  lastSubmission: Record<string, unknown> | undefined;
  returnTo: string;
}

/** @returns undefined when it expired, was finished, or was begun in another browser or for another account. */
export async function findInteraction(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
  uid: string,
): Promise<PausedRequest | undefined> {
  try {
    const details = await provider.interactionDetails(req, res);
    // The cookie says whose browser this is; the address says which request. Both must mean the same one.
    if (details.uid !== uid || !(await isStillSignedIn(provider, req, res, details))) return undefined;
    return pausedRequest(uid, details);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

/** The request behind a page whoever looks at it: only to explain, and to begin it again. */
export async function pausedElsewhere(provider: Provider, uid: string): Promise<PausedRequest | undefined> {
  const stored = await provider.Interaction.find(uid);
  return stored && pausedRequest(uid, stored);
}

type Stored = Awaited<ReturnType<Provider['interactionDetails']>>;

function pausedRequest(uid: string, stored: Stored): PausedRequest {
  const { parJti } = stored as { parJti?: string };
  return {
    uid,
    prompt: stored.prompt as PausedRequest['prompt'],
    params: stored.params as Record<string, unknown>,
    pushed: parJti !== undefined,
    trusted: stored.trusted ?? [],
    accountId: stored.session?.accountId,
    grantId: stored.grantId,
    forDevice: stored.deviceCode !== undefined,
    lastSubmission: stored.lastSubmission as Record<string, unknown> | undefined,
    returnTo: stored.returnTo,
  };
}

/**
 * A page that was drawn for somebody counts only while this browser is signed in as them. The library only asks whether their
 * session still lives somewhere: a browser that was closed without signing out may be in other hands.
 */
async function isStillSignedIn(provider: Provider, req: IncomingMessage, res: ServerResponse, { session: drawnFor }: Stored) {
  if (!drawnFor) return true;
  const session = await provider.Session.get(provider.createContext(req, res) as never);
  return session.uid === drawnFor.uid && session.accountId === drawnFor.accountId;
}

/** Whether the session of this browser outlives its window. */
export async function isSessionKept(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const { accountId, transient } = await provider.Session.get(provider.createContext(req, res) as never);
  return accountId !== undefined && !transient;
}

/** Stores the result. @returns false when it was finished meanwhile: a second press whose first one was quicker. */
export async function finishInteraction(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
  result: InteractionResults,
): Promise<boolean> {
  try {
    await provider.interactionResult(req, res, result, { mergeWithLastSubmission: true });
    return true;
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return false;
    throw error;
  }
}

/**
 * The result of a sign-in, as of now: what is signed out before it arrives ends it too (the library would take the time of its arrival).
 * `signedOutAt` is the account's, whose sign-in comes after it also within the same second. `remember` keeps the session when the browser closes.
 * `create` and `consent` say that a page was shown: the brand's own apps need no second one.
 */
export function signedIn(
  accountId: string,
  { remember, firstParty, signedOutAt }: { remember: boolean; firstParty: boolean; signedOutAt?: Date | null },
): InteractionResults {
  const ts = Math.max(Math.floor(Date.now() / 1_000), Math.ceil((signedOutAt?.getTime() ?? 0) / 1_000));
  return { login: { accountId, remember, amr: ['pwd'], ts }, create: {}, ...(firstParty ? { consent: {} } : {}) };
}
