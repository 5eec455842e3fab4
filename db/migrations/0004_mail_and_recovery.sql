-- Mail, verification, recovery and what an account's owner sees of it. Only additions: an older version goes on beside it.

-- What is mailed for one use. `id` and `secret` are digests of the two halves of the link's token, `code` of the six digits.
create table portico.one_time_codes (
  brand_id int not null references portico.brands (id),
  slice smallint not null,
  id bytea not null,
  purpose text not null,
  -- The account it is for. Where none exists yet, the one to be; where an address is unknown, nobody's.
  account_id uuid not null,
  secret bytea not null,
  -- Null where only a link was mailed.
  code bytea,
  tries smallint not null default 0,
  sealed bytea not null,
  created_at timestamptz not null default portico.now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (brand_id, slice, id)
);
create index one_time_codes_account on portico.one_time_codes (brand_id, slice, account_id);
create index one_time_codes_expiry on portico.one_time_codes (expires_at);

-- An identifier that was given up is held for its account until then: a changed address can be changed back.
alter table portico.identifiers add column held_until timestamptz;
create index identifiers_account on portico.identifiers (brand_id, account_id);
create index identifiers_held on portico.identifiers (held_until) where held_until is not null;

-- Who someone is at an upstream identity provider. The pair is unique through portico.identifiers.
create table portico.federated_identities (
  brand_id int not null,
  slice smallint not null,
  account_id uuid not null,
  issuer text not null,
  subject text not null,
  provider_name text not null,
  linked_at timestamptz not null default portico.now(),
  primary key (brand_id, slice, account_id, issuer, subject),
  foreign key (brand_id, slice, account_id) references portico.accounts (brand_id, slice, id) on delete cascade
);

-- A sign-in from before `signed_out_at` counts no more, wherever it is still on its way.
alter table portico.accounts
  add column signed_out_at timestamptz,
  -- But for this session's: the one in which the others were ended.
  add column signed_out_except text,
  add column erase_after timestamptz,
  -- The language its owner asked for the deletion in: the last mail answers in it.
  add column erase_locale text;
create index accounts_erase on portico.accounts (erase_after) where erase_after is not null;

-- That an account was erased, and nothing else about it.
create table portico.erased_accounts (
  brand_id int not null references portico.brands (id),
  slice smallint not null,
  id uuid not null,
  erased_at timestamptz not null default portico.now(),
  primary key (brand_id, slice, id)
);
create index erased_accounts_at on portico.erased_accounts (erased_at);

-- What a person recognises a session by.
alter table portico.oidc_sessions
  add column device text,
  add column network text,
  add column used_at timestamptz;

-- A brand's own mail server, sealed: its address holds a password.
alter table portico.brands add column smtp bytea;

-- Who did what to whom, when, from where, by which client. Rows come unchained; a job seals them into batches afterwards.
create table portico.audit_events (
  brand_id int not null references portico.brands (id),
  slice smallint not null,
  id uuid not null,
  at timestamptz not null default portico.now(),
  event text not null,
  actor text not null check (actor in ('end_user', 'operator', 'system')),
  account_id uuid,
  client_id text,
  details jsonb not null default '{}',
  -- What tells a person: erased with its salt, while the digest of both stays and with it the chain.
  personal jsonb,
  salt bytea,
  commitment bytea not null,
  -- Which rows the oldest running transaction may still add to: xid8 never wraps. The second is for a restored copy, whose counter began anew.
  xid xid8 not null default pg_current_xact_id(),
  recorded_at timestamptz not null default now(),
  batch int,
  digest bytea,
  primary key (brand_id, slice, id)
);
create index audit_events_account on portico.audit_events (brand_id, slice, account_id, at) where account_id is not null;
create index audit_events_at on portico.audit_events (brand_id, at);
-- Batches belong to one of eight ranges of 4096 slices.
create index audit_events_unsealed on portico.audit_events (brand_id, (slice / 4096), at, id) where batch is null;
create index audit_events_batch on portico.audit_events (brand_id, (slice / 4096), batch) where batch is not null;

-- One link of the chain of a brand's slice range; `digest` covers the batch before and the digest of each of its rows.
create table portico.audit_batches (
  brand_id int not null references portico.brands (id),
  range smallint not null,
  number int not null,
  events int not null,
  previous bytea not null,
  digest bytea not null,
  sealed_at timestamptz not null default portico.now(),
  -- Its rows are past the retention and gone.
  pruned_at timestamptz,
  primary key (brand_id, range, number)
);
create index audit_batches_unpruned on portico.audit_batches (brand_id, range, number) where pruned_at is null;
