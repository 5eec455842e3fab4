// A relying party of a brand. Members are named as RFC 7591 names client metadata; ours stand at the end.

export interface ClientMetadata {
  client_id: string;
  client_name?: string;
  application_type?: 'web' | 'native';
  redirect_uris?: string[];
  post_logout_redirect_uris?: string[];
  grant_types?: string[];
  response_types?: string[];
  token_endpoint_auth_method?: string;
  token_endpoint_auth_signing_alg?: string;
  id_token_signed_response_alg?: string;
  scope?: string;
  client_uri?: string;
  logo_uri?: string;
  policy_uri?: string;
  tos_uri?: string;
  initiate_login_uri?: string;
  jwks?: { keys: Record<string, unknown>[] };
  jwks_uri?: string;
  backchannel_logout_uri?: string;
  backchannel_logout_session_required?: boolean;
  require_pushed_authorization_requests?: boolean;
  dpop_bound_access_tokens?: boolean;
  /** The brand's own app: no "grant access" page. */
  first_party?: boolean;
  /** Origins that may call the token, userinfo, revocation and pushed request endpoints from a browser. */
  allowed_origins?: string[];
  /** False only for older confidential clients. */
  require_pkce?: boolean;
  /** Seconds in which the predecessor of a refresh token gets the same successor again. */
  refresh_idempotency_window?: number;
  /** Registered through the dynamic registration endpoint. */
  dynamic?: boolean;
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
