// Brands and accounts by the thousand and the million, made by the database itself; a sample of them can sign in.
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import pg from 'pg';
import type { Brand } from '../src/domain/brands.ts';
import type { Services } from '../src/services.ts';
import { copyBrands } from './growth-brands.ts';
import { UsageError } from './options.ts';
import { bringIn } from './people.ts';
import { makeBrand, withServices } from './portico-server.ts';
import type { Say } from './report.ts';
import { person } from './setting.ts';

export interface Size {
  brands: number;
  accounts: number;
}

export interface World extends Size {
  /** Issuers, in order; `personOf(n)` belongs to the one at n modulo their number. */
  issuers: string[];
  /** How many of `personOf` there are. */
  people: number;
  /** Bytes of the database when it was filled. */
  bytes: number;
}

/** Rows and indexes of account, password and identifier: 630 with a million, and half as much again while they are written. */
export const BYTES_PER_ACCOUNT = 900;
/** Keys, clients and the brand's own row. */
export const BYTES_PER_BRAND = 8_000;
/** The log PostgreSQL keeps ahead of its tables, sorts, and room to go on. */
const SPARE_BYTES = 4_000_000_000;
const BATCH = 50_000;
const LEAST_PEOPLE = 2_000;

/** @throws UsageError with what is needed and what there is. */
export function refuseWithoutRoom(sizes: readonly Size[], free = freeBytes()): void {
  const needed = sizes.reduce((sum, { brands, accounts }) => sum + brands * BYTES_PER_BRAND + accounts * BYTES_PER_ACCOUNT, SPARE_BYTES);
  if (needed <= free) return;
  const gigabytes = (bytes: number) => (bytes / 1_000_000_000).toFixed(1);
  throw new UsageError(
    `This needs about ${gigabytes(needed)} GB in ${tmpdir()}, where ${gigabytes(free)} GB are free; ask for fewer accounts.`,
  );
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
}

/** `origin` without a path: every brand has one of its own below it. */
export function fill(env: Record<string, string>, origin: string, { brands, accounts }: Size, say: Say): Promise<World> {
  return withServices(env, async (services) => {
    const first = await makeBrand(services, `${origin}/b0`, { emailVerification: { pages: 'off' } });
    const all = [first, ...(await copyBrands(services, first, origin, brands - 1))];
    const people = Math.max(LEAST_PEOPLE, brands);
    const url = env['DATABASE_URL'] as string;
    const bytes = await withClient(url, (client) => fillAccounts(services, client, all, { accounts, people, say }));
    return { brands, accounts, people, issuers: all.map(({ issuer }) => issuer), bytes };
  });
}

/** Beside the product's own connections, which give up on what takes as long as this. */
export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

interface Filling {
  accounts: number;
  people: number;
  say: Say;
}

/** Those who can sign in come between the others, so that their rows are not neighbours. @returns bytes of the database. */
async function fillAccounts(
  services: Services,
  client: pg.Client,
  brands: readonly Brand[],
  { accounts, people, say }: Filling,
): Promise<number> {
  const hash = await services.hasher.hash(person.password);
  const bulk = Math.max(0, accounts - people);
  const batches = Math.max(10, Math.ceil(accounts / BATCH));
  const at = (batch: number, all: number) => Math.floor((batch * all) / batches);
  await prepareSession(client);
  for (let batch = 0; batch < batches; batch += 1) {
    const [from, until] = [at(batch, people), at(batch + 1, people)];
    const newcomers = Array.from({ length: until - from }, (_, index) => newcomerAt(brands, from + index));
    await bringIn(services, newcomers, hash);
    await client.query(insertBulk, [at(batch, bulk), at(batch + 1, bulk), brands.length, hash]);
    if (batch % 5 === 4) say(`  ${at(batch + 1, bulk) + until} accounts ...`);
  }
  await client.query('vacuum (analyze)');
  const { rows } = await client.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes');
  return rows[0]?.bytes ?? 0;
}

function newcomerAt(brands: readonly Brand[], number: number) {
  return { brand: brands[number % brands.length] as Brand, number };
}

/** References are right by how the rows are made; asking for each of a million would take longer than writing them. */
async function prepareSession(client: pg.Client): Promise<void> {
  await client.query('set session_replication_role = replica');
  await client.query('set synchronous_commit = off');
  await client.query(`
    create temporary table numbered as
    select row_number() over (order by id) - 1 as number, id, home_slice
    from portico.brands`);
}

/**
 * Ids carry their brand's slice, as `newAccountId` makes them. Nobody knows these people, so that their digests may be anything that is
 * spread as evenly; the slice is of the digest's first 15 bits, as in `sliceOfDigest`.
 */
const insertBulk = `
  with made as materialized (
    select n, b.id as brand_id, b.home_slice as slice, sha256(convert_to(u.id, 'UTF8')) as digest,
      (left(u.id, 32) || lpad(to_hex(((n % 2) << 15) | b.home_slice), 4, '0'))::uuid as id
    from generate_series($1::int, $2::int - 1) n
    cross join lateral (select gen_random_uuid()::text || left(n::text, 0) as id) u
    join numbered b on b.number = n % $3::int
  ), accounts as (
    insert into portico.accounts (brand_id, slice, id, email, email_verified, sign_ins)
    select brand_id, slice, id, 'bulk-' || n || '@bench.example', true, 1
    from made
  ), passwords as (
    insert into portico.passwords (brand_id, slice, account_id, hash)
    select brand_id, slice, id, $4
    from made
  )
  insert into portico.identifiers (brand_id, slice, digest, kind, account_id)
  select brand_id, (get_byte(digest, 0) << 7) | (get_byte(digest, 1) >> 1), digest, 'email', id
  from made`;
