// Where the matrix is played: three brands in one jar, people made by storage alone, and a digest of everything a request may change.

import type { Brand } from '../../../src/domain/brands.ts';
import { identifierDigest, openIdentifierKey } from '../../../src/domain/identifiers.ts';
import { newAccountId } from '../../../src/domain/slices.ts';
import * as accounts from '../../../src/storage/accounts.ts';
import { findBySlug } from '../../../src/storage/brands.ts';
import * as identifiers from '../../../src/storage/identifiers.ts';
import * as passwords from '../../../src/storage/passwords.ts';
import { clientsOfTest, party } from '../../support/clients.ts';
import { limits, type RunningPortico, startPortico } from '../../support/portico.ts';
import { password } from '../../support/protocol.ts';
import { consentDocument, consentVersion, letters, news, question } from '../../support/questions.ts';
import type { RelyingParty } from '../../support/relying-party.ts';

/** An address is proved before the account exists at the one, and afterwards at the second; the third one asks, and is else as the first. */
export type BrandName = 'nightfall' | 'harbour' | 'meadow';

export interface World {
  portico: RunningPortico;
  brands: Record<BrandName, Brand>;
  apps: Record<BrandName, Record<'shop' | 'partner', RelyingParty>>;
  /** Of the password above: hashed once, not for everybody. */
  hash: string;
}

export interface Person {
  id: string;
  email: string;
}

/** Whoever agreed to the first version may put the second one off. */
const terms = consentDocument(
  'terms',
  consentVersion(1),
  consentVersion(2, { effectiveAt: `${new Date().toISOString().slice(0, 19)}Z`, graceDays: 30 }),
);

const asks = {
  consents: [terms, news, letters],
  fields: [
    question('club', { ask: 'registration', required: true }),
    question('colour'),
    question('records', { type: 'group', items: [question('title')], most: 3 }),
  ],
};

const crowd = { attempts: 100_000, seconds: 60 };
// Nothing here is about limits: whoever meets one would be refused for another reason than the one tested.
const unlimited = Object.fromEntries(Object.keys(limits).map((name) => [name, crowd])) as unknown as typeof limits;

/** `path` of nightfall; '' is the root of the host. */
export async function startWorld({ path = '', env = {} }: { path?: string; env?: Record<string, string> } = {}): Promise<World> {
  const meadow = { ...brandOf('meadow', '/meadow', 'before'), ...asks };
  const portico = await startPortico({
    brands: [brandOf('nightfall', path, 'before'), brandOf('harbour', '/harbour', 'after'), meadow],
    env,
  });
  const { issuers, services, db } = portico;
  const found = async (slug: BrandName) => (await findBySlug(db, slug)) as Brand;
  const appsOf = async (issuer = '') => ({ shop: await party(issuer, 'shop'), partner: await party(issuer, 'partner') });
  return {
    portico,
    brands: { nightfall: await found('nightfall'), harbour: await found('harbour'), meadow: await found('meadow') },
    apps: {
      nightfall: await appsOf(issuers.nightfall),
      harbour: await appsOf(issuers.harbour),
      meadow: await appsOf(issuers.meadow),
    },
    hash: await services.hasher.hash(password),
  };
}

function brandOf(slug: BrandName, path: string, pages: 'before' | 'after') {
  return { slug, name: slug, path, clients: clientsOfTest, settings: { limits: unlimited, emailVerification: { pages } } };
}

let count = 0;

export function newAddress(): string {
  count += 1;
  return `person-${count}@matrix.example`;
}

export async function createPerson({ portico: { db, services }, brands, hash }: World, of: BrandName = 'nightfall'): Promise<Person> {
  const brand = brands[of];
  const email = newAddress();
  const id = newAccountId(brand);
  const digest = identifierDigest(openIdentifierKey(services.keyring, brand), 'email', email);
  await identifiers.claim(db, { brandId: brand.id, digest, kind: 'email', accountId: id });
  await accounts.insert(db, { brandId: brand.id, id, email, emailVerified: of !== 'harbour', claims: {} });
  await passwords.save(db, brand.id, id, hash);
  return { id, email };
}

/** Nobody is there, and nothing was ever asked for. */
export async function emptyWorld({ portico: { db } }: World): Promise<void> {
  const people = ['one_time_codes', 'oidc_tokens', 'oidc_grants', 'oidc_sessions', 'identifiers', 'consents', 'accounts'];
  const tables = [...people, 'limits', 'audit_events'];
  await db.pool.query(`${tables.map((table) => `delete from portico.${table}`).join(';')}; delete from graphile_worker._private_jobs`);
}

/** What a request may change, by the word the matrix uses for it. How often a wrong code was typed is left out: counting it is right. */
const digests = {
  accounts: 'portico.accounts t',
  consents: 'portico.consents t',
  passwords: 'portico.passwords t',
  identifiers: 'portico.identifiers t',
  codes: '(select brand_id, id, purpose, account_id, secret, code, sealed, expires_at, consumed_at from portico.one_time_codes) t',
  sessions: 'portico.oidc_sessions t',
  grants: 'portico.oidc_grants t',
  tokens: "(select * from portico.oidc_tokens where kind <> 'Interaction') t",
  interactions: "(select * from portico.oidc_tokens where kind = 'Interaction') t",
  federated: 'portico.federated_identities t',
  erased: 'portico.erased_accounts t',
  mails: jobs('mail%'),
  logouts: jobs('backchannel_logout'),
} as const;

function jobs(task: string): string {
  return `(select jobs.id, payload::text from graphile_worker._private_jobs jobs
    join graphile_worker._private_tasks tasks on tasks.id = jobs.task_id where identifier like '${task}') t`;
}

export type Part = keyof typeof digests;
export type Digest = Record<Part, string>;

const statement = Object.entries(digests)
  .map(([part, from]) => `select '${part}' as part, coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as sum from ${from}`)
  .join(' union all ');

export async function digestOf({ portico: { db } }: Pick<World, 'portico'>): Promise<Digest> {
  const { rows } = await db.pool.query<{ part: Part; sum: string }>({ name: 'digest', text: statement });
  return Object.fromEntries(rows.map(({ part, sum }) => [part, sum])) as Digest;
}

/** The parts in which two digests differ, in the order above: 'codes mails'; '' when nothing changed. */
export function changed(before: Digest, after: Digest): string {
  return (Object.keys(digests) as Part[]).filter((part) => before[part] !== after[part]).join(' ');
}

/** So that no state grows tired of being asked: wrong codes are forgotten, and so are limits. */
export async function forgetTries({ portico: { db } }: World): Promise<void> {
  await db.pool.query('update portico.one_time_codes set tries = 0 where tries > 0; delete from portico.limits');
}
