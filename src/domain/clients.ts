// A relying party of a brand. Members are named as RFC 7591 names client metadata; ours stand at the end.
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { redirectUriFault, resetUrlFault, webOrigin } from './redirect-uris.ts';

/** The brand's own account pages as a client: every brand has it, no table holds it, and no other client may be called so. */
export const ACCOUNT_CLIENT = 'portico-account';

const text = z.string().min(1).max(200);
const link = z.url({ protocol: /^https?$/ }).max(2_000);
const grantType = z.enum(['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code']);

/** Shape of the metadata operators may give; unknown members are refused so that a typing error is never silent. */
export const clientMetadataSchema = z
  .strictObject({
    client_id: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{1,100}$/, 'may have letters, digits and . _ ~ - only')
      .refine((id) => id !== ACCOUNT_CLIENT, 'is the name of the account pages'),
    client_name: text.optional(),
    application_type: z.enum(['web', 'native']).optional(),
    redirect_uris: z.array(z.string()).max(100).optional(),
    post_logout_redirect_uris: z.array(z.string()).max(100).optional(),
    grant_types: z.array(grantType).optional(),
    response_types: z.array(z.literal('code')).optional(),
    token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).optional(),
    token_endpoint_auth_signing_alg: z.enum(['ES256', 'RS256', 'PS256', 'EdDSA']).optional(),
    id_token_signed_response_alg: z.enum(['ES256', 'RS256']).optional(),
    scope: text.optional(),
    client_uri: link.optional(),
    logo_uri: link.optional(),
    policy_uri: link.optional(),
    tos_uri: link.optional(),
    initiate_login_uri: z.url({ protocol: /^https$/ }).optional(),
    jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).optional(),
    jwks_uri: z.url({ protocol: /^https$/ }).optional(),
    backchannel_logout_uri: link.optional(),
    backchannel_logout_session_required: z.boolean().optional(),
    require_pushed_authorization_requests: z.boolean().optional(),
    dpop_bound_access_tokens: z.boolean().optional(),
    contacts: z.array(z.string()).optional(),
    /** Seconds after which a sign-in is too old for this client (OpenID Connect Dynamic Registration 2). */
    default_max_age: z.number().int().min(0).optional(),
    require_auth_time: z.boolean().optional(),
    response_modes: z.array(z.string()).optional(),
    request_object_signing_alg: z.string().optional(),
    require_signed_request_object: z.boolean().optional(),
    /** Seconds since 1970; what dynamic registration answers (RFC 7591 3.2.1). */
    client_id_issued_at: z.number().int().optional(),
    client_secret_expires_at: z.number().int().optional(),
    /** The brand's own app: no "grant access" page. */
    first_party: z.boolean().optional(),
    /** Origins that may call the token, userinfo, revocation and pushed request endpoints from a browser. */
    allowed_origins: z.array(z.string()).max(100).optional(),
    /** The client's own pages for a new password; mailed links lead to the first, or to the one that was asked for. */
    reset_urls: z.array(z.string()).max(20).optional(),
    /** Scopes of the brand's APIs this client may ask for; absent: all of them for the brand's own clients, none for others. */
    resource_scopes: z.array(text).max(200).optional(),
    /** False only for older confidential clients. */
    require_pkce: z.boolean().optional(),
    /** Seconds in which the predecessor of a refresh token gets the same successor again. */
    refresh_idempotency_window: z.number().int().min(0).max(10).optional(),
    /** Registered through the dynamic registration endpoint. */
    dynamic: z.boolean().optional(),
  })
  .superRefine((metadata, context) => {
    const type = metadata.application_type ?? 'web';
    for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
      for (const uri of metadata[member] ?? []) {
        const fault = redirectUriFault(uri, type);
        if (fault) context.addIssue({ code: 'custom', path: [member], message: `${uri} ${fault}` });
      }
    }
    if (metadata.reset_urls && metadata.first_party === false) {
      const message = 'are for the brand’s own clients: the page gets what opens the account';
      context.addIssue({ code: 'custom', path: ['reset_urls'], message });
    }
    for (const uri of metadata.reset_urls ?? []) {
      const fault = resetUrlFault(uri);
      if (fault) context.addIssue({ code: 'custom', path: ['reset_urls'], message: `${uri} ${fault}` });
    }
    for (const origin of metadata.allowed_origins ?? []) {
      if (!webOrigin(origin)) context.addIssue({ code: 'custom', path: ['allowed_origins'], message: `${origin} is not an origin` });
    }
    if (metadata.require_pkce === false && metadata.token_endpoint_auth_method === 'none') {
      context.addIssue({ code: 'custom', path: ['require_pkce'], message: 'a public client cannot do without PKCE' });
    }
  });

/** The members a client may have. */
export const clientMembers: readonly string[] = Object.keys(clientMetadataSchema.shape);

export type ClientMetadata = z.infer<typeof clientMetadataSchema>;

export type ClientKind = 'web' | 'spa' | 'native' | 'service';

/** What a new client of a kind starts with; what the operator names replaces it. */
export function clientTemplate(kind: ClientKind): Partial<ClientMetadata> {
  const common = { first_party: true, id_token_signed_response_alg: 'ES256' as const };
  const people = { ...common, grant_types: ['authorization_code' as const, 'refresh_token' as const], response_types: ['code' as const] };
  switch (kind) {
    case 'web':
      return { ...people, application_type: 'web', token_endpoint_auth_method: 'client_secret_basic' };
    case 'spa':
      return { ...people, application_type: 'web', token_endpoint_auth_method: 'none', refresh_idempotency_window: 10 };
    case 'native':
      return { ...people, application_type: 'native', token_endpoint_auth_method: 'none', refresh_idempotency_window: 10 };
    case 'service':
      return {
        ...common,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
      };
  }
}

/** True when the client authenticates with a secret we make. */
export function needsSecret(metadata: Pick<ClientMetadata, 'token_endpoint_auth_method'>): boolean {
  return (metadata.token_endpoint_auth_method ?? 'client_secret_basic').startsWith('client_secret_');
}

/** 256 random bits, shown once. */
export function newClientSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** A stored client secret: never the secret, only its sha256 as base64url. */
export interface ClientSecret {
  digest: string;
  created_at: string;
  expires_at: string | null;
}

export interface Client {
  brandId: number;
  id: string;
  metadata: ClientMetadata;
  secrets: ClientSecret[];
  createdAt: Date;
  updatedAt: Date;
  disabledAt: Date | null;
}
