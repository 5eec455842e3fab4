import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config.ts';
import { OperatorError } from '../src/errors.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'portico-config-'));
afterAll(() => rmSync(dataFolder, { recursive: true }));

const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://id.example.com',
  DATABASE_URL: 'postgres://portico@db.example/portico',
  PORTICO_SECRET: 'yZ3vQ8rT1wX6nB4mK9pL2sD7fG5hJ0cA-_uEoIiRqWtYxV',
};

function refusalOf(env: NodeJS.ProcessEnv): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    return (error as Error).message;
  }
  throw new Error('it started');
}

test('production starts with an address, a database and a secret, and everything is frozen', () => {
  const config = loadConfig({ ...production, PUBLIC_URL: 'https://id.example.com/' });
  expect(config).toMatchObject({ publicUrl: 'https://id.example.com', production: true, demo: false, trustedProxies: [] });
  // No address: Node chooses what this machine has, also where IPv6 is switched off.
  expect(config.host).toBeUndefined();
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.trustedProxies)).toBe(true);
});

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  ['no address', { PUBLIC_URL: undefined }, /PUBLIC_URL is missing\. Set it to the https address/],
  ['an empty address', { PUBLIC_URL: '' }, /PUBLIC_URL is missing/],
  ['an http address', { PUBLIC_URL: 'http://id.example.com' }, /PUBLIC_URL must start with https:\/\//],
  ['another scheme', { PUBLIC_URL: 'ftp://id.example.com' }, /PUBLIC_URL: /],
  ['no address at all', { PUBLIC_URL: 'id.example.com' }, /PUBLIC_URL: /],
  ['no secret', { PORTICO_SECRET: undefined }, /PORTICO_SECRET is missing\. Make one with: openssl/],
  [
    'a short secret',
    { PORTICO_SECRET: 'yZ3vQ8rT1wX6nB4mK9pL2sD7fG5hJ0c' },
    /PORTICO_SECRET: must have at least 32 characters; make one with: openssl/,
  ],
  ['a simple secret', { PORTICO_SECRET: 'abcabcabcabcabcabcabcabcabcabcabcabc' }, /PORTICO_SECRET is too simple/],
  ['no database', { DATABASE_URL: undefined }, /DATABASE_URL is missing\. The embedded database is for development only/],
  ['another database', { DATABASE_URL: 'mysql://db.example/portico' }, /DATABASE_URL: /],
  ['the demo', { PORTICO_DEMO: 'on' }, /PORTICO_DEMO must be off in production/],
  ['a proxy by name', { TRUSTED_PROXIES: 'proxy.internal' }, /TRUSTED_PROXIES: "proxy\.internal" is neither an address nor a network/],
  ['a proxy with a broken mask', { TRUSTED_PROXIES: '10.0.0.1, 10.0.0.0/99' }, /TRUSTED_PROXIES: "10\.0\.0\.0\/99"/],
  ['a port out of range', { PORT: '70000' }, /PORT: /],
  ['a sender with a name', { MAIL_FROM: 'Shop <hello@shop.example>' }, /MAIL_FROM: must be one plain email address such as no-reply@/],
  ['two addresses for answers', { MAIL_REPLY_TO: 'a@shop.example, b@shop.example' }, /MAIL_REPLY_TO: must be one plain email address/],
  ['an inbox that everybody can read', { MAIL_INBOX: 'on' }, /MAIL_INBOX must be off in production/],
  ['a mail server over http', { SMTP_URL: 'http://mail.example' }, /SMTP_URL: /],
])('production refuses %s, naming setting and remedy', (_what, env, message) => {
  expect(refusalOf({ ...production, ...env })).toMatch(message);
});

test('all that is missing is named at once', () => {
  const refusal = refusalOf({ NODE_ENV: 'production' });
  for (const setting of ['PUBLIC_URL', 'PORTICO_SECRET', 'DATABASE_URL']) expect(refusal).toContain(`${setting} is missing`);
});

test('what is malformed is said in plain words, together with what production lacks', () => {
  const refusal = refusalOf({
    NODE_ENV: 'production',
    PORT: 'x',
    PUBLIC_URL: 'id.example.com',
    LOG_LEVEL: 'loud',
    TRUSTED_PROXIES: 'proxy.internal',
  });
  expect(refusal.split('\n')).toEqual([
    'Portico cannot start with these settings:',
    '  PORT: must be a whole number from 0 to 65535',
    '  PUBLIC_URL: must be an address such as https://id.example.com',
    '  TRUSTED_PROXIES: "proxy.internal" is neither an address nor a network such as 10.0.0.0/8',
    '  LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent',
    '  PORTICO_SECRET is missing. Make one with: openssl rand -base64 48',
    '  DATABASE_URL is missing. The embedded database is for development only',
  ]);
});

test('a terminal in development is not filled with a line per request; a log in production is', () => {
  expect(loadConfig({ PORTICO_DATA: dataFolder }).logLevel).toBe('warn');
  expect(loadConfig({ PORTICO_DATA: dataFolder, LOG_LEVEL: 'debug' }).logLevel).toBe('debug');
  expect(loadConfig(production).logLevel).toBe('info');
});

test('a refusal never quotes the secret', () => {
  const secret = 'abcabcabcabcabcabcabcabcabcabcabcabc';
  expect(refusalOf({ ...production, PORTICO_SECRET: secret })).not.toContain(secret);
  expect(refusalOf({ ...production, PORTICO_SECRET: 'too short' })).not.toContain('too short');
});

test('proxies are addresses and networks, of both families', () => {
  const { trustedProxies } = loadConfig({ ...production, TRUSTED_PROXIES: ' 10.0.0.0/8 , 192.0.2.1, fd00::/8,' });
  expect(trustedProxies).toEqual(['10.0.0.0/8', '192.0.2.1', 'fd00::/8']);
});

test('a second address of the database means that a pooler stands before the first', () => {
  const DATABASE_DIRECT_URL = 'postgres://portico@primary.example/portico';
  expect(loadConfig({ ...production, DATABASE_DIRECT_URL })).toMatchObject({
    databasePooled: true,
    databaseDirectUrl: DATABASE_DIRECT_URL,
  });
  expect(loadConfig({ ...production, DATABASE_DIRECT_URL: production.DATABASE_URL }).databasePooled).toBe(false);
  expect(loadConfig(production)).toMatchObject({ databasePooled: false, databaseDirectUrl: production.DATABASE_URL });
});

test('development needs nothing: loopback, and a random secret of its own that stays', () => {
  const config = loadConfig({ PORTICO_DATA: dataFolder });
  expect(config).toMatchObject({ publicUrl: 'http://localhost:3000', host: 'localhost', demo: true, databaseUrl: undefined });
  expect(config.secret).toHaveLength(64);
  expect(loadConfig({ PORTICO_DATA: dataFolder }).secret).toBe(config.secret);
  expect(readFileSync(join(dataFolder, 'secret'), 'utf8')).toBe(config.secret);
  expect(statSync(join(dataFolder, 'secret')).mode & 0o077).toBe(0);
});

test('the inbox is there in development, in a test that asks for it, and never in production', () => {
  const inbox = (env: NodeJS.ProcessEnv) => loadConfig({ PORTICO_DATA: dataFolder, ...env }).mailInbox !== undefined;
  expect([inbox({}), inbox({ MAIL_INBOX: 'off' })]).toEqual([true, false]);
  expect([inbox({ NODE_ENV: 'test' }), inbox({ NODE_ENV: 'test', MAIL_INBOX: 'on' })]).toEqual([false, true]);
  expect(inbox(production)).toBe(false);
});
