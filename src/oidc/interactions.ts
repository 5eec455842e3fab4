// The paused authorization request behind a page: found only in the browser that began it, finished by one result.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';

export interface PausedRequest {
  uid: string;
  prompt: { name: string; reasons: string[]; details: Record<string, unknown> };
  params: Record<string, unknown>;
  accountId: string | undefined;
  grantId: string | undefined;
  lastSubmission: Record<string, unknown> | undefined;
  returnTo: string;
}

/** @returns undefined when it expired, was finished, or was begun in another browser. */
export async function findInteraction(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
  uid: string,
): Promise<PausedRequest | undefined> {
  try {
    const details = await provider.interactionDetails(req, res);
    // The cookie says whose browser this is; the address says which request. Both must mean the same one.
    if (details.uid !== uid) return undefined;
    return {
      uid,
      prompt: details.prompt as PausedRequest['prompt'],
      params: details.params as Record<string, unknown>,
      accountId: details.session?.accountId,
      grantId: details.grantId,
      lastSubmission: details.lastSubmission as Record<string, unknown> | undefined,
      returnTo: details.returnTo,
    };
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
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
 * The result of a sign-in. `remember` keeps the session when the browser closes.
 * `create` and `consent` say that a page was shown: the brand's own apps need no second one.
 */
export function signedIn(accountId: string, { remember, firstParty }: { remember: boolean; firstParty: boolean }): InteractionResults {
  return { login: { accountId, remember, amr: ['pwd'] }, create: {}, ...(firstParty ? { consent: {} } : {}) };
}
