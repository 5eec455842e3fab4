// The way on for a press that came too late, or for somebody else: the same request once more, or the same "no" once more.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UnsecuredJWT } from 'jose';
import type { InteractionResults, Provider } from 'oidc-provider';
import { lifetimes } from './lifetimes.ts';

/** What is remembered of an authorization request. */
export interface AskedRequest {
  params: Record<string, unknown>;
  /** It came over the back channel (RFC 9126). */
  pushed: boolean;
  /** Names of the parameters the client authenticated, by its signature (RFC 9101) or its credentials. */
  trusted: string[];
}

/**
 * The address that asks again. What was demanded by `prompt` has been done, so it is left out unless a new one is given.
 * What was pushed or signed never stands in an address: it becomes a pushed request of ours.
 */
export async function restartUrl(provider: Provider, asked: AskedRequest, prompt?: string): Promise<string> {
  const wanted = Object.entries({ ...asked.params, prompt }).filter(([, value]) => value !== undefined);
  const guarded = await isGuarded(provider, asked);
  const query = guarded ? await push(provider, Object.fromEntries(wanted), asked.trusted) : queryOf(wanted);
  return `${provider.issuer}/auth?${query}`;
}

async function isGuarded(provider: Provider, { params, pushed, trusted }: AskedRequest): Promise<boolean> {
  if (pushed || trusted.length > 0) return true;
  const client = await provider.Client.find(String(params.client_id));
  return Boolean(client?.requirePushedAuthorizationRequests || client?.requireSignedRequestObject);
}

/** As the library's own endpoint stores one. Unlike there it lives as long as a page, since a person presses the link. */
async function push(provider: Provider, params: Record<string, unknown>, trusted: string[]): Promise<URLSearchParams> {
  const clientId = String(params.client_id);
  const request = new UnsecuredJWT(params)
    .setIssuedAt()
    .setIssuer(clientId)
    .setAudience(provider.issuer)
    .setExpirationTime(Math.floor(Date.now() / 1_000) + lifetimes.Interaction)
    .encode();
  const pushed = new provider.PushedAuthorizationRequest({
    request,
    dpopJkt: params.dpop_jkt as string | undefined,
    trusted: trusted.length > 0 ? trusted : undefined,
  });
  const id = await pushed.save(lifetimes.Interaction);
  return new URLSearchParams({ client_id: clientId, request_uri: `urn:ietf:params:oauth:request_uri:${id}` });
}

function queryOf(wanted: [string, unknown][]): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of wanted) for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item));
  return query;
}

/** Its constructor, which the library's types leave out. */
type NewInteraction = new (uid: string, payload: object) => InstanceType<Provider['Interaction']>;

/** Seconds; it is used at once. */
const REPEATED = 60;

/**
 * The request was answered with a "no" and the answer is asked for once more: a finished interaction of the same kind gives it,
 * in whatever way the app wants it. @returns where to send the browser, which gets the cookie of that way back.
 */
export async function refuseAgain(
  provider: Provider,
  { req, res }: { req: IncomingMessage; res: ServerResponse },
  { params, trusted }: AskedRequest,
  result: InteractionResults,
): Promise<string> {
  const uid = randomBytes(16).toString('base64url');
  const returnTo = `${provider.issuer}/auth/${uid}`;
  const prompt = { name: 'consent', reasons: [], details: {} };
  const Interaction = provider.Interaction as unknown as NewInteraction;
  await new Interaction(uid, { returnTo, params, trusted, prompt, result }).save(REPEATED);
  const { protocol, pathname } = new URL(returnTo);
  provider.createContext(req, res).cookies.set(provider.cookieName('resume'), uid, {
    path: pathname,
    maxAge: REPEATED * 1_000,
    httpOnly: true,
    sameSite: 'lax',
    secure: protocol === 'https:',
    signed: true,
  });
  return returnTo;
}
