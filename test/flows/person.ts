// A person with an account, for tests of flows: made by storage alone, signed in where a test says so.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Account } from '../../src/domain/accounts.ts';
import { identifierDigest, openIdentifierKey } from '../../src/domain/identifiers.ts';
import { carrySlice, newAccountId, sliceOfAccount } from '../../src/domain/slices.ts';
import type { Source } from '../../src/domain/sources.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { sql } from '../../src/storage/database.ts';
import * as identifiers from '../../src/storage/identifiers.ts';
import * as passwords from '../../src/storage/passwords.ts';
import type { TestBrand } from './test-brand.ts';

export const oldPassword = 'correct horse battery staple';
export const newPassword = 'tremolo cassette forty-seven';

let count = 0;

export function newAddress(name = 'ada'): string {
  count += 1;
  return `${name}-${count}@people.example`;
}

/** Every request from an address of its own, unless a test is about limits. */
export function from(ip?: string): Source {
  count += 1;
  return { ip: ip ?? `10.${(count >> 8) & 255}.${count & 255}.7`, userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0', locale: 'en' };
}

export function digestOf(at: TestBrand, email: string): Buffer {
  return identifierDigest(openIdentifierKey(at.keyring, at.brand), 'email', email.toLowerCase());
}

export async function createPerson(
  at: TestBrand,
  { email = newAddress(), password = oldPassword }: { email?: string; password?: string | null } = {},
): Promise<Account & { email: string }> {
  const id = newAccountId(at.brand);
  await identifiers.claim(at.db, { brandId: at.brand.id, digest: digestOf(at, email), kind: 'email', accountId: id });
  const account = await accounts.insert(at.db, { brandId: at.brand.id, id, email, emailVerified: false, claims: {} });
  if (password !== null) await passwords.save(at.db, at.brand.id, id, await at.hasher.hash(password));
  return { ...account, email };
}

export interface OpenedSession {
  uid: string;
  grantId: string;
  sid: string;
}

/** A session with one app, its grant, an access token and a refresh token that was given in it. */
export async function openSession({ db, brand }: TestBrand, accountId: string, { clientId = 'shop' } = {}): Promise<OpenedSession> {
  const slice = sliceOfAccount(accountId);
  const name = () => carrySlice(randomBytes(16).toString('base64url'), slice);
  const [uid, grantId, sid] = [name(), name(), randomUUID()];
  const payload = JSON.stringify({ loginTs: Math.floor(Date.now() / 1000), authorizations: { [clientId]: { sid, grantId } } });
  await db.run(sql`
    insert into portico.oidc_sessions (brand_id, slice, id, uid, account_id, payload, expires_at)
    values (${brand.id}, ${slice}, ${randomBytes(32)}, ${uid}, ${accountId}, ${payload}::jsonb, portico.now() + interval '1 day')`);
  await db.run(sql`
    insert into portico.oidc_grants (brand_id, slice, id, account_id, client_id, payload, expires_at)
    values (${brand.id}, ${slice}, ${grantId}, ${accountId}, ${clientId}, '{}', portico.now() + interval '1 day')`);
  for (const kind of ['AccessToken', 'RefreshToken']) {
    await db.run(sql`
      insert into portico.oidc_tokens (brand_id, slice, id, kind, grant_id, account_id, client_id, payload, expires_at)
      values (${brand.id}, ${slice}, ${randomBytes(32)}, ${kind}, ${grantId}, ${accountId}, ${clientId},
        ${JSON.stringify({ sessionUid: uid })}::jsonb, portico.now() + interval '1 day')`);
  }
  return { uid, grantId, sid };
}

/** What an account has open, in the order of the test's sessions. */
export async function openOf({ db, brand }: TestBrand, accountId: string) {
  const strings = async (statement: Parameters<typeof db.rows>[0]) => (await db.rows<{ name: string }>(statement)).map(({ name }) => name);
  return {
    sessions: await strings(sql`select uid as name from portico.oidc_sessions where brand_id = ${brand.id} and account_id = ${accountId}`),
    grants: await strings(sql`select id as name from portico.oidc_grants where brand_id = ${brand.id} and account_id = ${accountId}`),
    tokens: await strings(
      sql`select payload ->> 'sessionUid' as name from portico.oidc_tokens where brand_id = ${brand.id} and account_id = ${accountId} order by id`,
    ),
  };
}

export async function told({ db }: TestBrand): Promise<string[]> {
  const { rows } = await db.pool.query<{ sid: string }>(
    `select payload ->> 'sid' as sid from graphile_worker._private_jobs jobs
     join graphile_worker._private_tasks tasks on tasks.id = jobs.task_id
     where tasks.identifier = 'backchannel_logout' order by jobs.id`,
  );
  return rows.map(({ sid }) => sid);
}

export async function eventsOf({ db, brand }: TestBrand, accountId: string): Promise<string[]> {
  const rows = await db.rows<{ event: string }>(
    sql`select event from portico.audit_events where brand_id = ${brand.id} and account_id = ${accountId} order by at, event`,
  );
  return rows.map(({ event }) => event);
}

/** The token of a mail's link. */
export function tokenOf(link: string): string {
  return new URL(link).searchParams.get('token') ?? '';
}
