-- Brands, clients, accounts and what oidc-provider stores.
-- Keys follow one rule: brand first, then the slice of the account a row belongs to, so that brands can be moved and large ones spread later.

-- Time as SQL sees it. Only tests set portico.clock_shift.
create function portico.now() returns timestamptz
language sql stable parallel safe
as $$ select now() + coalesce(nullif(current_setting('portico.clock_shift', true), ''), '0')::interval $$;

create table portico.brands (
  id integer generated always as identity primary key,
  slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  issuer text not null unique,
  name text not null,
  version integer not null default 1,
  home_slice integer not null check (home_slice between 0 and 32767),
  slices integer not null default 1 check (slices between 1 and 32768),
  settings jsonb not null default '{}',
  theme jsonb not null default '{}',
  identifier_key bytea not null,
  created_at timestamptz not null default portico.now(),
  updated_at timestamptz not null default portico.now(),
  disabled_at timestamptz
);

create table portico.brand_assets (
  brand_id integer not null references portico.brands on delete cascade,
  name text not null,
  media_type text not null,
  digest text not null,
  bytes bytea not null,
  primary key (brand_id, name)
);

create table portico.signing_keys (
  brand_id integer not null references portico.brands on delete cascade,
  kid text not null,
  alg text not null check (alg in ('ES256', 'RS256')),
  state text not null check (state in ('next', 'current', 'previous')),
  public_jwk jsonb not null,
  private_jwk bytea not null,
  created_at timestamptz not null default portico.now(),
  state_since timestamptz not null default portico.now(),
  primary key (brand_id, kid)
);
create unique index signing_keys_one_current on portico.signing_keys (brand_id, alg) where state = 'current';
create unique index signing_keys_one_next on portico.signing_keys (brand_id, alg) where state = 'next';

-- metadata: client metadata as RFC 7591 names it, and our own members. secrets: [{digest, created_at, expires_at}], never a secret.
create table portico.clients (
  brand_id integer not null references portico.brands on delete cascade,
  client_id text not null,
  metadata jsonb not null,
  secrets jsonb not null default '[]',
  created_at timestamptz not null default portico.now(),
  updated_at timestamptz not null default portico.now(),
  disabled_at timestamptz,
  primary key (brand_id, client_id)
);

create table portico.accounts (
  brand_id integer not null references portico.brands,
  slice smallint not null,
  id uuid not null,
  email text,
  email_verified boolean not null default false,
  claims jsonb not null default '{}',
  registered_at timestamptz not null default portico.now(),
  last_login_at timestamptz not null default portico.now(),
  updated_at timestamptz not null default portico.now(),
  disabled_at timestamptz,
  primary key (brand_id, slice, id)
);

create table portico.passwords (
  brand_id integer not null,
  slice smallint not null,
  account_id uuid not null,
  hash text not null,
  changed_at timestamptz not null default portico.now(),
  primary key (brand_id, slice, account_id),
  foreign key (brand_id, slice, account_id) references portico.accounts on delete cascade
);

-- The only uniqueness rule over accounts. digest = HMAC(brand's key, kind and canonical value); slice comes from the digest.
create table portico.identifiers (
  brand_id integer not null references portico.brands,
  slice smallint not null,
  digest bytea not null,
  kind text not null check (kind in ('email', 'phone', 'external_id', 'federated')),
  account_id uuid not null,
  created_at timestamptz not null default portico.now(),
  primary key (brand_id, slice, digest)
);

-- Codes, tokens, pushed requests and interactions: written once, spent once. id = sha256 of the bearer value.
create table portico.oidc_tokens (
  brand_id integer not null references portico.brands,
  slice smallint not null,
  kind text not null,
  id bytea not null,
  grant_id text collate "C",
  account_id uuid,
  client_id text,
  user_code bytea,
  payload jsonb not null,
  created_at timestamptz not null default portico.now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (brand_id, slice, id)
);
create index oidc_tokens_grant on portico.oidc_tokens (brand_id, slice, grant_id) where grant_id is not null;
create index oidc_tokens_account on portico.oidc_tokens (brand_id, slice, account_id) where account_id is not null;
create unique index oidc_tokens_user_code on portico.oidc_tokens (brand_id, user_code) where user_code is not null;
create index oidc_tokens_expiry on portico.oidc_tokens (expires_at);

-- No index on the expiry of sessions and grants: it changes, and an index on it would make every update touch all indexes.
create table portico.oidc_sessions (
  brand_id integer not null references portico.brands,
  slice smallint not null,
  id bytea not null,
  uid text collate "C" not null,
  account_id uuid,
  payload jsonb not null,
  created_at timestamptz not null default portico.now(),
  expires_at timestamptz not null,
  primary key (brand_id, slice, id)
) with (fillfactor = 80);
create index oidc_sessions_uid on portico.oidc_sessions (brand_id, slice, uid);
create index oidc_sessions_account on portico.oidc_sessions (brand_id, slice, account_id) where account_id is not null;

create table portico.oidc_grants (
  brand_id integer not null references portico.brands,
  slice smallint not null,
  id text collate "C" not null,
  account_id uuid not null,
  client_id text not null,
  payload jsonb not null,
  created_at timestamptz not null default portico.now(),
  expires_at timestamptz not null,
  primary key (brand_id, slice, id)
) with (fillfactor = 80);
create index oidc_grants_account on portico.oidc_grants (brand_id, slice, account_id);

-- One-time identifiers of client assertions and DPoP proofs: a second insert is a replay.
create table portico.oidc_replays (
  brand_id integer not null references portico.brands,
  slice smallint not null,
  id bytea not null,
  expires_at timestamptz not null,
  primary key (brand_id, slice, id)
);
create index oidc_replays_expiry on portico.oidc_replays (expires_at);

-- Attempts within a window, keyed by a digest; no address or e-mail in clear.
create table portico.limits (
  brand_id integer not null references portico.brands,
  key bytea not null,
  used integer not null,
  window_ends_at timestamptz not null,
  primary key (brand_id, key)
) with (fillfactor = 70);
