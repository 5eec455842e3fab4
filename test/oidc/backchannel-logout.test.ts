// Relying parties hear of the end of a session from jobs that try again (Back-Channel Logout 1.0).
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { createApp } from '../../src/app.ts';
import { disableAccount } from '../../src/flows/admin/disable-account.ts';
import type { RunningJobs } from '../../src/jobs/runner.ts';
import * as brands from '../../src/storage/brands.ts';
import { demoBrand, type RunningPortico, startPortico, startTestJobs } from '../support/portico.ts';
import { createAccount, obtainTokens, setClientDisabled } from '../support/protocol.ts';
import { createRelyingParty, type RelyingParty } from '../support/relying-party.ts';

/** A relying party's own server; it says no while it is `down`. */
interface Listener {
  server: Server;
  url: string;
  down: boolean;
  attempts: number;
  heard: (JWTPayload & { sid?: string })[];
}

let portico: RunningPortico;
let jobs: RunningJobs;
let [steady, shaky] = [{} as Listener, {} as Listener];
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  [steady, shaky] = [await listen('steady'), await listen('shaky')];
  const clients = [client('steady', steady.url, true), client('shaky', shaky.url, false), client('quiet', undefined, false)];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  await createAccount(portico, person);
  jobs = await startTestJobs(portico.services, portico.db.pool, createApp(portico.services));
});
beforeEach(() => {
  for (const listener of [steady, shaky]) Object.assign(listener, { down: false, attempts: 0, heard: [] });
});
afterAll(async () => {
  await jobs.stop();
  await portico.stop();
  for (const { server } of [steady, shaky]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

function client(id: string, logoutUrl: string | undefined, sid: boolean) {
  const metadata = {
    client_id: id,
    redirect_uris: [`https://${id}.example/callback`],
    ...(logoutUrl ? { backchannel_logout_uri: logoutUrl, backchannel_logout_session_required: sid } : {}),
  };
  return { kind: 'web' as const, metadata, secret: `secret of ${id}` };
}

const app = (id: string) =>
  createRelyingParty({
    issuer: portico.issuer,
    clientId: id,
    clientSecret: `secret of ${id}`,
    redirectUri: `https://${id}.example/callback`,
  });

async function listen(id: string): Promise<Listener> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      listener.attempts += 1;
      if (!listener.down) listener.heard.push(await verify(new URLSearchParams(body).get('logout_token') ?? '', id));
      response.writeHead(listener.down ? 503 : 200, { 'cache-control': 'no-store' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`;
  const listener: Listener = { server, url, down: false, attempts: 0, heard: [] };
  return listener;
}

/** As Back-Channel Logout 1.0, 2.6 demands of a relying party. */
async function verify(token: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${portico.issuer}/jwks`));
  const { payload } = await jwtVerify(token, keys, {
    issuer: portico.issuer,
    audience,
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'jti', 'exp'],
  });
  expect(payload.events).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
  expect(payload.nonce).toBeUndefined();
  return payload;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen within ten seconds');
}

const openJobs = async () => {
  const waiting = "select count(*) as n from graphile_worker.jobs where task_identifier = 'backchannel_logout'";
  return Number((await portico.db.pool.query(waiting)).rows[0].n);
};
const retryNow = () => portico.db.pool.query('update graphile_worker._private_jobs set run_at = now()');

/** One person, one browser, all three apps. */
async function signedInEverywhere(email = person.email) {
  const apps = { steady: await app('steady'), shaky: await app('shaky'), quiet: await app('quiet') };
  const first = await obtainTokens(apps.steady, { email });
  await obtainTokens(apps.shaky, { email, browser: first.browser });
  await obtainTokens(apps.quiet, { email, browser: first.browser });
  return { ...first, apps };
}

async function signOut({ apps, tokens, browser }: { apps: { steady: RelyingParty } } & Awaited<ReturnType<typeof obtainTokens>>) {
  const asked = await browser.get(apps.steady.endSessionUrl(tokens));
  const started = performance.now();
  const done = await browser.submit(asked, asked.form('logout'));
  return { done, milliseconds: performance.now() - started };
}

test('every app of the session hears of its end, each in its own words', async () => {
  const everywhere = await signedInEverywhere();
  await signOut(everywhere);
  await until(() => steady.heard.length === 1 && shaky.heard.length === 1);
  const claims = everywhere.tokens.claims();
  expect(steady.heard[0]).toMatchObject({ sub: claims?.sub, sid: claims?.sid });
  // Without session_required the subject alone is told.
  expect(shaky.heard[0]).toMatchObject({ sub: claims?.sub });
  expect(shaky.heard[0]?.sid).toBeUndefined();
  await until(async () => (await openJobs()) === 0);
});

test('an app that is down holds nobody up and is told when it is back, once', async () => {
  shaky.down = true;
  const { done } = await signOut(await signedInEverywhere());
  expect(done.status).toBe(200);
  await until(() => steady.heard.length === 1 && shaky.attempts === 1);
  for (let attempt = 2; attempt <= 3; attempt += 1) {
    await until(
      async () =>
        (
          await portico.db.pool.query('select 1 from graphile_worker._private_jobs where locked_at is null and attempts = $1', [
            attempt - 1,
          ])
        ).rowCount === 1,
    );
    await retryNow();
    await until(() => shaky.attempts === attempt);
  }
  expect(shaky.heard).toEqual([]);
  shaky.down = false;
  await until(async () => {
    await retryNow();
    return shaky.heard.length > 0;
  });
  await until(async () => (await openJobs()) === 0);
  expect([shaky.heard.length, steady.heard.length]).toEqual([1, 1]);
});

test('each token has an id of its own', async () => {
  await signOut(await signedInEverywhere());
  await signOut(await signedInEverywhere());
  await until(() => steady.heard.length === 2);
  expect(new Set(steady.heard.map(({ jti }) => jti)).size).toBe(2);
  expect(steady.heard[0]?.sid).not.toBe(steady.heard[1]?.sid);
});

test('apps hear of an account that was disabled', async () => {
  const email = 'eve@nightfall.example';
  const id = await createAccount(portico, { email });
  await signedInEverywhere(email);
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  if (!brand) throw new Error('no brand');
  await disableAccount(portico.services, brand, id);
  await until(() => steady.heard.length === 1 && shaky.heard.length === 1);
  expect([steady.heard[0]?.sub, shaky.heard[0]?.sub]).toEqual([id, id]);
});

test('a sign-out of one session leaves the others alone', async () => {
  const [one, other] = [await signedInEverywhere(), await signedInEverywhere()];
  await signOut(one);
  await until(() => steady.heard.length === 1);
  expect(steady.heard[0]?.sid).toBe(one.tokens.claims()?.sid);
  expect((await other.apps.steady.refresh(other.tokens.refresh_token as string)).access_token).toBeTruthy();
});

test('a client that is gone meanwhile is nobody to tell, and its job ends', async () => {
  shaky.down = true;
  await signOut(await signedInEverywhere());
  await until(() => shaky.attempts === 1);
  await setClientDisabled(portico, 'shaky', true);
  await until(async () => {
    await retryNow();
    return (await openJobs()) === 0;
  });
  await setClientDisabled(portico, 'shaky', false);
  expect(shaky.attempts).toBe(1);
});

test('a sign-out that cannot tell the others does not happen: the session and its notices end together', async () => {
  const browser = await signedInEverywhere();
  const before = await openJobs();
  await portico.db.pool.query('alter function graphile_worker.add_job rename to add_job_away').catch(() => {});
  try {
    await signOut(browser).catch(() => {});
  } finally {
    await portico.db.pool.query('alter function graphile_worker.add_job_away rename to add_job').catch(() => {});
  }
  expect(await openJobs()).toBe(before);
  const { rows } = await portico.db.pool.query('select count(*)::int as count from portico.oidc_sessions where account_id is not null');
  expect(rows[0].count).toBeGreaterThan(0);
});
