// The ledger of consents. Lines are only ever added; the primary key refuses a second line of one number, whoever forgot to hold the account.
import type { ConsentLine } from '../domain/consent-ledger.ts';
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

/** Call it in the transaction that saves what the account's row knows of them. */
export async function append(db: Db, brandId: number, accountId: string, lines: readonly ConsentLine[]): Promise<void> {
  if (lines.length === 0) return;
  await db.run(sql`
    insert into portico.consents (brand_id, slice, account_id, number, document, version, locale, text_hash, answer, at, asked_at, client_id,
      channel, network, user_agent, previous, digest)
    select ${brandId}::int, ${sliceOfAccount(accountId)}::smallint, ${accountId}::uuid, number, document, version, locale,
      decode("textHash", 'hex'), answer, line.at, "askedAt", "clientId", channel, network, "userAgent", decode(previous, 'hex'),
      decode(digest, 'hex')
    from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line (number int, document text, version int, locale text, "textHash" text,
      answer text, at timestamptz, "askedAt" timestamptz, "clientId" text, channel text, network text, "userAgent" text, previous text,
      digest text)`);
}

type Row = Omit<ConsentLine, 'at' | 'askedAt'> & { at: Date; askedAt: Date | null };

/** Every line of an account, in order. */
export async function listOf(db: Db, brandId: number, accountId: string): Promise<ConsentLine[]> {
  const rows = await db.rows<Row>(sql`
    select number, document, version, locale, encode(text_hash, 'hex') as "textHash", answer, c.at, asked_at as "askedAt",
      client_id as "clientId", channel, network, user_agent as "userAgent", encode(previous, 'hex') as previous,
      encode(digest, 'hex') as digest
    from portico.consents c
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    order by number`);
  return rows.map(lineOf);
}

/** The lines of every account between two, in the order of accounts.list: after the one, up to and with the other. */
export async function listBetween(db: Db, brandId: number, after: string | undefined, last: string): Promise<Map<string, ConsentLine[]>> {
  const [slice, id] = after ? [sliceOfAccount(after), after] : [-1, '00000000-0000-0000-0000-000000000000'];
  const rows = await db.rows<Row & { accountId: string }>(sql`
    select account_id as "accountId", number, document, version, locale, encode(text_hash, 'hex') as "textHash", answer, c.at,
      asked_at as "askedAt", client_id as "clientId", channel, network, user_agent as "userAgent", encode(previous, 'hex') as previous,
      encode(digest, 'hex') as digest
    from portico.consents c
    where brand_id = ${brandId} and (slice, account_id) > (${slice}, ${id}::uuid) and (slice, account_id) <= (${sliceOfAccount(last)}, ${last}::uuid)
    order by slice, account_id, number`);
  const lines = new Map<string, ConsentLine[]>();
  for (const { accountId, ...row } of rows) lines.set(accountId, [...(lines.get(accountId) ?? []), lineOf(row)]);
  return lines;
}

function lineOf({ at, askedAt, ...row }: Row): ConsentLine {
  return { ...row, at: at.toISOString(), askedAt: askedAt?.toISOString() ?? null };
}
