-- Consents with proof, and the questions of a brand. Only additions: an older version goes on beside it.

-- What people are asked to agree to. brand_id 0: the installation's own, for all its brands.
create table portico.consent_documents (
  brand_id int not null,
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  position smallint not null,
  enabled boolean not null default true,
  primary key (brand_id, name)
);

-- Published once and never changed: rows are only ever added.
create table portico.consent_versions (
  brand_id int not null,
  name text not null,
  version int not null check (version > 0),
  kind text not null check (kind in ('required', 'optional')),
  effective_at timestamptz not null,
  -- By language: the sentence beside the box.
  texts jsonb not null,
  url text,
  -- Who is asked; null: everybody.
  clients text[],
  countries text[],
  -- The oldest version whose acceptance still counts.
  cutoff int not null,
  grace_days int not null default 0,
  double_opt_in boolean not null default false,
  published_at timestamptz not null default portico.now(),
  primary key (brand_id, name, version),
  foreign key (brand_id, name) references portico.consent_documents (brand_id, name),
  check (cutoff between 1 and version)
);

-- The ledger: a line for each answer, never changed. `digest` is keyed and covers the line before.
create table portico.consents (
  brand_id int not null,
  slice smallint not null,
  account_id uuid not null,
  number int not null,
  document text not null,
  version int not null,
  locale text not null,
  text_hash bytea not null,
  answer text not null check (answer in ('accepted', 'declined', 'withdrawn')),
  at timestamptz not null,
  -- Double opt-in: when the box was ticked; `at` is when the mailed link was pressed.
  asked_at timestamptz,
  client_id text,
  channel text not null check (channel in ('page', 'api', 'admin', 'import')),
  network text,
  user_agent text,
  previous bytea not null,
  digest bytea not null,
  primary key (brand_id, slice, account_id, number),
  foreign key (brand_id, slice, account_id) references portico.accounts (brand_id, slice, id) on delete cascade
);

-- The questions of a brand; a definition as domain/profile-fields.ts has it.
create table portico.profile_fields (
  brand_id int not null references portico.brands (id) on delete cascade,
  key text not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
  position smallint not null,
  definition jsonb not null,
  primary key (brand_id, key)
);

alter table portico.accounts
  -- What the row knows of its ledger: how long it is, its last digest, the last answer to each document. No sign-in reads the ledger.
  add column consents jsonb not null default '{}',
  -- Answers that are no standard claims, and of all answers who gave them and when.
  add column answers jsonb not null default '{}',
  add column sign_ins int not null default 0;

-- A session whose id was renewed is known under the old one for a moment more, and no use prolongs that.
alter table portico.oidc_sessions add column renewed_at timestamptz;

-- A brand with all that is kept in memory of it.
create view portico.brand_configurations as
select b.id, b.slug, b.issuer, b.name, b.version, b.home_slice, b.slices, b.settings, b.theme, b.identifier_key, b.smtp, b.disabled_at,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', d.name,
      'owner', case d.brand_id when 0 then 'installation' else 'brand' end,
      'enabled', d.enabled,
      'versions', (
        select jsonb_agg(jsonb_build_object(
          'version', v.version,
          'kind', v.kind,
          'effectiveAt', to_char(v.effective_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
          'texts', v.texts,
          'url', v.url,
          'clients', to_jsonb(v.clients),
          'countries', to_jsonb(v.countries),
          'cutoff', v.cutoff,
          'graceDays', v.grace_days,
          'doubleOptIn', v.double_opt_in) order by v.version)
        from portico.consent_versions v
        where v.brand_id = d.brand_id and v.name = d.name))
      order by d.brand_id, d.position, d.name)
    from portico.consent_documents d
    where d.brand_id in (0, b.id)
      and exists (select from portico.consent_versions v where v.brand_id = d.brand_id and v.name = d.name)
  ), '[]') as consents,
  coalesce((
    select jsonb_agg(f.definition || jsonb_build_object('key', f.key) order by f.position, f.key)
    from portico.profile_fields f
    where f.brand_id = b.id
  ), '[]') as fields
from portico.brands b;
