// What becomes of each member that oidc-provider hands us to store: a column, clear JSON, sealed, or nothing at all.
// Bearer values stand in payloads beyond `jti` (a pushed request's id, a device code, the uid in a resume URL), so every member is decided.
import { type AdapterPayload, errors } from 'oidc-provider';
import type { Keyring } from '../keyring.ts';

/** column: a typed column, put back on find. seal: encrypted together with the row's other sealed members. A function keeps what it returns. */
export type Fate = 'column' | 'keep' | 'seal' | 'drop' | ((value: unknown) => unknown);

const base = { iat: 'keep', exp: 'column', jti: 'drop', kind: 'drop' } as const;
const ofClient = { ...base, clientId: 'column' } as const;
const ofAccount = {
  ...ofClient,
  accountId: 'column',
  claims: 'keep',
  expiresWithSession: 'keep',
  grantId: 'column',
  rar: 'keep',
  scope: 'keep',
  sessionUid: 'keep',
  sid: 'keep',
} as const;
const signIn = { acr: 'keep', amr: 'keep', authTime: 'keep', nonce: 'keep', resource: 'keep' } as const;
const bound = { 'x5t#S256': 'keep', jkt: 'keep' } as const;

/** Members of each model's IN_PAYLOAD. A member that is missing here is sealed; a test compares the lists. */
export const fates = {
  AccessToken: { ...ofAccount, ...bound, gty: 'keep', aud: 'keep', extra: 'keep' },
  AuthorizationCode: {
    ...ofAccount,
    ...signIn,
    consumed: 'column',
    attestationJkt: 'keep',
    // Made with S256 only, so it does not give the verifier away.
    codeChallenge: 'keep',
    codeChallengeMethod: 'keep',
    redirectUri: 'keep',
    dpopJkt: 'keep',
  },
  ClientCredentials: { ...ofClient, ...bound, aud: 'keep', extra: 'keep', rar: 'keep', scope: 'keep' },
  DeviceCode: {
    ...ofAccount,
    ...signIn,
    // Looked up by the user code, the library goes on with the device code.
    jti: 'seal',
    // Kept because the row outlives it: a client that polls too long is told expired_token (RFC 8628 3.5).
    exp: 'keep',
    consumed: 'column',
    attestationJkt: 'keep',
    error: 'keep',
    errorDescription: 'keep',
    inFlight: 'keep',
    params: 'seal',
    // Address and browser of the person at the device.
    deviceInfo: 'seal',
    userCode: 'column',
  },
  Grant: { ...ofClient, accountId: 'column', openid: 'keep', rar: 'keep', rejected: 'keep', resources: 'keep' },
  InitialAccessToken: { ...base, policies: 'keep' },
  Interaction: {
    ...base,
    cid: 'seal',
    deviceCode: 'seal',
    grantId: 'keep',
    lastSubmission: 'seal',
    params: 'seal',
    parJti: 'seal',
    // Its details repeat login_hint and id_token_hint.
    prompt: 'seal',
    result: 'seal',
    // Ends with the uid, which is the cookie's value.
    returnTo: 'seal',
    session: withoutCookie,
    trusted: 'keep',
  },
  PushedAuthorizationRequest: {
    ...base,
    // Kept because the row outlives it: its single use is noted when the interaction ends.
    exp: 'keep',
    attestationJkt: 'keep',
    consumed: 'column',
    dpopJkt: 'keep',
    request: 'seal',
    trusted: 'keep',
  },
  RefreshToken: {
    ...ofAccount,
    ...signIn,
    ...bound,
    attestationJkt: 'keep',
    consumed: 'column',
    gty: 'keep',
    iiat: 'keep',
    rotations: 'keep',
  },
  RegistrationAccessToken: { ...ofClient, policies: 'keep' },
  ReplayDetection: { ...base, iss: 'drop' },
  Session: {
    ...base,
    accountId: 'column',
    acr: 'keep',
    amr: 'keep',
    authorizations: 'keep',
    loginTs: 'keep',
    // Holds the secret that answers the sign-out and device forms.
    state: 'seal',
    transient: 'keep',
    uid: 'column',
  },
} satisfies Record<string, Record<string, Fate>>;

export type Model = keyof typeof fates;

type Json = Record<string, unknown>;

/**
 * Packs a payload; its columns stay with the caller. `place` (table, model and row) is authenticated with what is sealed.
 * @throws InvalidRequest when a text holds what Postgres cannot store (NUL, half a surrogate pair).
 */
export function pack(keyring: Keyring, model: Model, place: string, payload: AdapterPayload): string {
  const clear: Json = {};
  const secret: Json = {};
  const fateOf: Record<string, Fate> = fates[model];
  for (const [member, value] of Object.entries(payload)) {
    if (value === undefined) continue;
    const fate = fateOf[member] ?? 'seal';
    if (typeof fate === 'function') clear[member] = fate(value);
    else if (fate === 'keep') clear[member] = value;
    else if (fate === 'seal') secret[member] = value;
  }
  if (Object.keys(secret).length > 0) clear.sealed = keyring.seal('token_payloads', place, JSON.stringify(secret)).toString('base64');
  return storable(JSON.stringify(clear));
}

/**
 * What `pack` put away, without its columns.
 * @throws when the row was not sealed for this place by this installation.
 */
export function unpack(keyring: Keyring, place: string, stored: Json): AdapterPayload {
  const { sealed, ...clear } = stored;
  if (sealed === undefined) return clear;
  const opened = keyring.open('token_payloads', place, Buffer.from(String(sealed), 'base64'));
  return { ...clear, ...(JSON.parse(opened.toString('utf8')) as Json) };
}

/** jsonb refuses U+0000 and half surrogate pairs; JSON.stringify writes both, and only those, as these escapes. */
function storable(json: string): string {
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json))
    throw new errors.InvalidRequest('a parameter contains characters that cannot be stored');
  return json;
}

/** `cookie` is the raw session id, read by nobody. */
function withoutCookie(session: unknown): unknown {
  const { cookie: _cookie, ...rest } = session as Json;
  return rest;
}
