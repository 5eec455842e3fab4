import { sql } from '../../src/storage/database.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, send } from '../support/protocol.ts';
import { type CommandLine, commandLine } from './command-line.ts';

// Each is a process; the flow itself is fired 20 times in test/flows/admin.
const TIMES = process.env.PORTICO_TEST_LONG ? 20 : 5;

let portico: RunningPortico;
let run: CommandLine;

beforeAll(async () => {
  portico = await startPortico();
  run = commandLine(portico);
});
afterAll(() => portico.stop());

interface Created {
  client_id: string;
  client_secret: string;
}

async function createService(id: string): Promise<Created> {
  const ran = await run(['client', 'create', '--service', '--id', id, '--json']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  return ran.json<Created>();
}

/** Asks for a token of the client itself. */
function askToken(clientId: string, secret: string) {
  return send(`${portico.issuer}/token`, { form: { grant_type: 'client_credentials' }, headers: basic(clientId, secret) });
}

test('a new client is printed with its secret, once, and works at the token endpoint', async () => {
  const args = ['client', 'create', '--id', 'records', '--name', 'Records', '--redirect-uri', 'https://records.example/callback', '--json'];
  const created = (await run(args)).json<Created & Record<string, unknown>>();
  expect(created).toMatchObject({
    client_id: 'records',
    client_name: 'Records',
    redirect_uris: ['https://records.example/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    first_party: true,
  });
  expect(created.client_secret).toMatch(/^[\w-]{43}$/);
  const shown = await run(['client', 'show', 'records', '--json']);
  expect(shown.json()).not.toHaveProperty('client_secret');
  expect(shown.out).not.toContain(created.client_secret);
  const row = await portico.db.row<{ text: string }>(sql`select c::text as text from portico.clients as c where client_id = 'records'`);
  expect(row?.text).not.toContain(created.client_secret);
  const answer = await send(`${portico.issuer}/token`, {
    form: { grant_type: 'refresh_token', refresh_token: 'none' },
    headers: basic('records', created.client_secret),
  });
  // Known and authenticated: only the token is wrong.
  expect(answer.json.error).toBe('invalid_grant');
});

test('of several who create the same client at once one gets a secret, and it is the one that works', async () => {
  const all = await Promise.all(Array.from({ length: TIMES }, () => run(['client', 'create', '--service', '--id', 'twenty', '--json'])));
  const winners = all.filter(({ code }) => code === 0);
  expect(winners).toHaveLength(1);
  for (const loser of all.filter(({ code }) => code !== 0)) {
    expect(loser).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(loser.err).error).toContain('has a client "twenty" already');
  }
  const { client_secret } = (winners[0] as (typeof all)[number]).json<Created>();
  expect((await askToken('twenty', client_secret)).status).toBe(200);
}, 60_000);

test('an update replaces what is named, removes what is emptied, and keeps the rest', async () => {
  const base = ['--id', 'changing', '--name', 'Before', '--redirect-uri', 'https://a.example/cb', '--origin', 'https://a.example'];
  await run(['client', 'create', ...base, '--client-uri', 'https://a.example/', '--third-party']);
  const update = ['client', 'update', 'changing', '--name', 'After', '--origin', '', '--client-uri', '', '--json'];
  const updated = (await run(update)).json();
  expect(updated).toMatchObject({ client_name: 'After', redirect_uris: ['https://a.example/cb'], first_party: false });
  expect(updated).not.toHaveProperty('allowed_origins');
  expect(updated).not.toHaveProperty('client_uri');
  expect(updated).not.toHaveProperty('client_secret');
  const text = await run(['client', 'update', 'changing', '--name', 'After']);
  expect(text.out).toContain('"changing" is like this already');
});

test('what does not fit together is refused with a line per member, and nothing is written', async () => {
  const ran = await run(['client', 'create', '--id', 'odd', '--spa', '--redirect-uri', 'http://odd.example/cb', '--no-pkce']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('--redirect-uri: http://odd.example/cb must use https');
  expect(ran.err).toContain('--no-pkce: a public client cannot do without PKCE');
  expect((await run(['client', 'create', '--id', 'odd'])).err).toContain('--redirect-uri: name at least one');
  expect((await run(['client', 'show', 'odd'])).code).toBe(1);
});

test('what is allowed and seldom meant is hinted at, an origin may end with a slash, and no id is named that nobody gave', async () => {
  const spa = ['client', 'create', '--id', 'page', '--spa', '--redirect-uri', 'https://page.example/cb'];
  const bare = await run(spa);
  expect(bare.out).toContain('Warning: without --origin');
  expect(bare.out).toContain('Hint: without --post-logout-redirect-uri');
  const update = await run(['client', 'update', 'page', '--origin', 'https://page.example/', '--json']);
  expect(update.json()).toMatchObject({ allowed_origins: ['https://page.example'] });
  expect((await run(['client', 'create'])).err).toMatch(/^The client cannot be registered so:\n {2}--redirect-uri: name at least one/);
});

test('after a rotation both secrets work until the grace ends, and a second rotation waits for that', async () => {
  const { client_secret: old } = await createService('rotating');
  const rotated = (await run(['client', 'rotate-secret', 'rotating', '--grace', '60s', '--json'])).json<Created>();
  expect((await askToken('rotating', old)).status).toBe(200);
  expect((await askToken('rotating', rotated.client_secret)).status).toBe(200);
  expect((await askToken('rotating', 'neither')).status).toBe(401);
  expect((await run(['client', 'rotate-secret', 'rotating'])).err).toContain('its old one still works');
  try {
    await shiftClock(portico.database, 61);
    expect((await askToken('rotating', old)).status).toBe(401);
    expect((await askToken('rotating', rotated.client_secret)).status).toBe(200);
  } finally {
    await resetClock(portico.database);
  }
});

test('a disabled client is unknown at once, and its old tokens stay dead when it is enabled again', async () => {
  const { client_secret } = await createService('stopping');
  const { client_secret: reader } = await createService('reading');
  const token = String((await askToken('stopping', client_secret)).json.access_token);
  const introspect = () => send(`${portico.issuer}/token/introspection`, { form: { token }, headers: basic('reading', reader) });
  expect((await introspect()).json.active).toBe(true);
  expect((await run(['client', 'disable', 'stopping'])).out).toContain('its grants and tokens have ended');
  expect((await askToken('stopping', client_secret)).json.error).toBe('invalid_client');
  expect((await introspect()).json).toEqual({ active: false });
  expect((await run(['client', 'list'])).out).toMatch(/^stopping .* disabled$/m);
  await run(['client', 'enable', 'stopping']);
  expect((await introspect()).json).toEqual({ active: false });
  expect((await askToken('stopping', client_secret)).status).toBe(200);
});
