import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { login } from '../../src/flows/login.ts';
import * as brands from '../../src/storage/brands.ts';
import { forgetTransactions, sealAll } from '../support/audit.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, password } from '../support/protocol.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;
let sub: string;
const email = 'ada@nightfall.example';
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const folder = mkdtempSync(join(tmpdir(), 'portico-audit-'));

beforeAll(async () => {
  portico = await startPortico();
  run = commandLine(portico);
  sub = await createAccount(portico, { email });
  const brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
  const source = { ip: '203.0.113.77', userAgent, clientId: 'shop', locale: 'en' };
  for (const typed of ['a wrong guess', password]) await login(portico.services, brand, { email, password: typed, source }).catch(() => {});
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await portico.stop();
});

interface Listed {
  events: Record<string, unknown>[];
  next: string | null;
}

test('the trail is shown as a table, newest first', async () => {
  const { code, out, err } = await run(['audit', 'list', '--brand', 'nightfall']);
  expect([code, err]).toEqual([0, '']);
  const [head, ...rows] = out.trimEnd().split('\n');
  expect(head).toMatch(/^WHEN +EVENT +ACTOR +ACCOUNT +CLIENT +DEVICE +NETWORK +DETAILS$/);
  expect(rows.map((line) => line.split(/ {2,}/).slice(1, 3))).toEqual([
    ['login_succeeded', 'end_user'],
    ['login_failed', 'end_user'],
    ['account_registered', 'operator'],
    ['brand_applied', 'operator'],
  ]);
  expect(rows[0]).toMatch(
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC +login_succeeded +end_user +${sub} +shop +Firefox/Linux +203.0.113.0/24$`),
  );
  expect(out).not.toContain(email);
});

test('it is narrowed to an account by its address or its sub, to an event and to a time', async () => {
  const events = async (...more: string[]) => {
    const ran = await run(['audit', 'list', '--json', ...more]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    return ran.json<Listed>().events.map(({ event }) => event);
  };
  const ofAda = ['login_succeeded', 'login_failed', 'account_registered'];
  expect(await events('--account', email)).toEqual(ofAda);
  expect(await events('--account', sub)).toEqual(ofAda);
  expect(await events('--account', sub, '--event', 'login_failed')).toEqual(['login_failed']);
  expect(await events('--since', '2020-01-01')).toHaveLength(4);
  expect(await events('--since', '2099-01-01T08:30Z')).toEqual([]);
});

test('a page says where the next one begins', async () => {
  const first = (await run(['audit', 'list', '--limit', '3', '--json'])).json<Listed>();
  expect(first.events).toHaveLength(3);
  expect(first.events[0]).toEqual({
    id: expect.any(String),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    event: 'login_succeeded',
    actor: 'end_user',
    sub,
    client_id: 'shop',
    device: 'Firefox/Linux',
    network: '203.0.113.0/24',
    details: {},
    sealed: false,
  });
  const second = (await run(['audit', 'list', '--limit', '3', '--after', first.next as string, '--json'])).json<Listed>();
  expect([second.events.map(({ event }) => event), second.next]).toEqual([['brand_applied'], null]);
  expect((await run(['audit', 'list', '--limit', '3'])).out).toContain(`There may be more: add --after ${first.next}`);
});

test('what is mistyped is explained', async () => {
  const wrong: [args: string[], says: string, code: number][] = [
    [['--event', 'login_fail'], 'There is no event "login_fail". Did you mean login_failed?', 2],
    [['--limit', '0'], '--limit is a number from 1 to 1000.', 2],
    [['--since', 'yesterday'], '--since is a day or a moment, such as 2026-11-01 or 2026-11-01T08:30Z.', 2],
    [['--since', '2026-13-01'], '--since is a day or a moment, such as 2026-11-01 or 2026-11-01T08:30Z.', 2],
    [['--after', '7'], '--after is what the page before printed as the place to go on from.', 2],
    [['--account', 'ada'], '"ada" is neither an e-mail address nor a sub.', 2],
    [['--account', 'bob@nightfall.example'], 'nightfall has no account with the address bob@nightfall.example.', 1],
  ];
  for (const [args, says, code] of wrong) expect(await run(['audit', 'list', ...args])).toMatchObject({ code, err: `${says}\n`, out: '' });
}, 30_000);

test('a trail that was altered is told row by row, with exit code 1', async () => {
  await forgetTransactions(portico.db);
  await sealAll(portico.db);
  const whole = await run(['audit', 'verify', '--brand', 'nightfall']);
  expect(whole).toMatchObject({ code: 0, err: '' });
  expect(whole.out).toMatch(/^The audit trail of nightfall is whole: 4 sealed events in [1-4] batch(es)?\.\n$/);

  const heads = join(folder, 'heads.json');
  const json = await run(['audit', 'verify', '--json']);
  writeFileSync(heads, json.out);
  expect(json.json()).toMatchObject({ brand: 'nightfall', valid: true, events: 4, unsealed: 0, faults: [] });

  const { rows } = await portico.db.pool.query(
    "update portico.audit_events set event = 'unlocked' where event = 'login_failed' returning id, slice, batch",
  );
  const broken = await run(['audit', 'verify']);
  expect(broken).toMatchObject({ code: 1, err: '' });
  const [{ id, slice, batch }] = rows;
  const range = Math.floor(slice / 4_096);
  expect(broken.out).toContain(
    `range ${range}, batch ${batch}: event ${id} was changed, added or moved\nThe audit trail of nightfall is broken: 4 sealed events`,
  );
  expect((await run(['audit', 'verify', '--json'])).json()).toMatchObject({
    valid: false,
    faults: [{ fault: 'event_changed', id, range, batch }],
  });

  await portico.db.pool.query('delete from portico.audit_batches');
  await portico.db.pool.query('update portico.audit_events set batch = null, digest = null');
  await sealAll(portico.db);
  expect((await run(['audit', 'verify'])).code).toBe(0);
  const compared = await run(['audit', 'verify', '--heads', heads]);
  expect(compared.code).toBe(1);
  expect(compared.out).toContain(`range ${range}, batch ${batch}: not what it was when the heads were kept\n`);
}, 30_000);

test('a file without heads is named', async () => {
  const file = join(folder, 'odd.json');
  writeFileSync(file, '{}');
  expect(await run(['audit', 'verify', '--heads', file])).toMatchObject({
    code: 1,
    err: `${file} holds no heads. Make one with: audit verify --json\n`,
  });
});
