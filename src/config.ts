// The one place that reads the environment. Everything has a safe default in development; in production nonsense refuses to start.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { usableCores, usableMemory } from './cores.ts';
import { isPlainAddress } from './domain/email.ts';
import { OperatorError } from './errors.ts';

const projectFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const integer = (minimum: number, maximum: number) => {
  const says = `must be a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number(says).int(says).min(minimum, says).max(maximum, says);
};
const address = (protocol: RegExp, example: string) => z.url({ protocol, error: `must be an address such as ${example}` });
const oneOf = <Word extends string>(...words: [Word, ...Word[]]) => z.enum(words, `must be one of ${words.join(', ')}`);
const mailbox = (example: string) => z.string().refine(isPlainAddress, `must be one plain email address such as ${example}`);
const databaseAddress = address(/^postgres(ql)?$/, 'postgres://user:password@db.example.com:5432/portico');

const schema = z.object({
  NODE_ENV: oneOf('development', 'test', 'production').default('development'),
  PORT: integer(0, 65535).default(3000),
  HOST: z.string().optional(),
  PUBLIC_URL: address(/^https?$/, 'https://id.example.com').optional(),
  DATABASE_URL: databaseAddress.optional(),
  DATABASE_DIRECT_URL: databaseAddress.optional(),
  DATABASE_POOL: integer(1, 500).default(10),
  TRUSTED_PROXIES: z.string().default('').superRefine(checkProxies),
  COUNTRY_HEADER: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, 'must be the name of a header such as CF-IPCountry')
    .optional(),
  PORTICO_SECRET: z.string().min(32, 'must have at least 32 characters; make one with: openssl rand -base64 48').optional(),
  PORTICO_DATA: z.string().optional(),
  METRICS_PORT: integer(0, 65535).optional(),
  METRICS_HOST: z.string().optional(),
  DRAIN_SECONDS: integer(0, 60).optional(),
  PORTICO_DEMO: oneOf('on', 'off').optional(),
  DEMO_PORT: integer(0, 65535).default(3001),
  SMTP_URL: address(/^smtps?$/, 'smtps://user:password@smtp.example.com').optional(),
  MAIL_FROM: mailbox('no-reply@example.com').optional(),
  MAIL_REPLY_TO: mailbox('hello@example.com').optional(),
  MAIL_INBOX: oneOf('on', 'off').optional(),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').optional(),
  HASH_CONCURRENCY: integer(1, 64).optional(),
});

export type Config = Readonly<ReturnType<typeof loadConfig>>;

/**
 * Reads, checks and freezes the configuration.
 * @throws OperatorError naming the setting and the remedy.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env) {
  const settings = parse(env);
  const production = settings.NODE_ENV === 'production';
  const publicUrl = (settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`).replace(/\/+$/, '');
  const dataFolder = resolve(settings.PORTICO_DATA ?? `${projectFolder}/.portico`);
  return Object.freeze({
    environment: settings.NODE_ENV,
    production,
    port: settings.PORT,
    ...hostOf(settings),
    publicUrl,
    databaseUrl: settings.DATABASE_URL,
    databaseDirectUrl: settings.DATABASE_DIRECT_URL ?? settings.DATABASE_URL,
    // Two addresses mean a transaction pooler in front: sessions behind it are not ours to set up.
    databasePooled: settings.DATABASE_DIRECT_URL !== undefined && settings.DATABASE_DIRECT_URL !== settings.DATABASE_URL,
    databasePool: settings.DATABASE_POOL,
    metrics: settings.METRICS_PORT === undefined ? undefined : { port: settings.METRICS_PORT, ...metricsHostOf(settings) },
    // A balancer needs a moment to notice; whoever presses Ctrl-C has none.
    drainSeconds: settings.DRAIN_SECONDS ?? (production ? 2 : 0),
    trustedProxies: Object.freeze(entriesOf(settings.TRUSTED_PROXIES)),
    countryHeader: settings.COUNTRY_HEADER?.toLowerCase(),
    secret: settings.PORTICO_SECRET ?? developmentSecret(dataFolder),
    dataFolder,
    projectFolder,
    demo: (settings.PORTICO_DEMO ?? (settings.NODE_ENV === 'development' ? 'on' : 'off')) === 'on',
    demoPort: settings.DEMO_PORT,
    smtpUrl: settings.SMTP_URL,
    mailFrom: settings.MAIL_FROM,
    mailReplyTo: settings.MAIL_REPLY_TO,
    // Where /dev/mail finds what was sent. It opens everybody's account, so that production has none, whatever is asked for.
    mailInbox: hasInbox(settings) ? `${dataFolder}/mail` : undefined,
    // A line of JSON per request is for machines: at a terminal only what somebody should look at, unless more is asked for.
    logLevel: settings.LOG_LEVEL ?? (settings.NODE_ENV === 'development' ? 'warn' : 'info'),
    // One core stays free for signing and serving: hashing shares libuv's threads with WebCrypto.
    hashConcurrency: settings.HASH_CONCURRENCY ?? Math.max(1, Math.min(usableCores() - 1, Math.floor(usableMemory() / 4 / HASH_BYTES))),
  });
}

function hasInbox({ NODE_ENV, MAIL_INBOX }: z.infer<typeof schema>): boolean {
  return (NODE_ENV === 'development' && MAIL_INBOX !== 'off') || (NODE_ENV === 'test' && MAIL_INBOX === 'on');
}

/** A variable that an operator's own file names, such as a brand's mail server with its password. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** All that is wrong is told at once: a person should not have to start five times. */
function parse(env: NodeJS.ProcessEnv) {
  const given: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  const issues = result.error?.issues ?? [];
  const malformed = new Set(issues.map(({ path }) => path[0]));
  const unsafe = given.NODE_ENV === 'production' ? productionFaults(given).filter(({ setting }) => !malformed.has(setting)) : [];
  if (result.success && unsafe.length === 0) return result.data;
  const lines = [...issues.map(({ path, message }) => `${path.join('.')}: ${message}`), ...unsafe.map(({ says }) => says)];
  throw new OperatorError(`Portico cannot start with these settings:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/**
 * Loopback unless the operator says otherwise in development: a laptop on a café's network serves nobody else.
 * Nothing in production: Node then listens on every interface, of both families or, where IPv6 is switched off, of IPv4.
 */
function hostOf({ HOST, NODE_ENV }: z.infer<typeof schema>): { host?: string } {
  if (HOST) return { host: HOST };
  return NODE_ENV === 'production' ? {} : { host: 'localhost' };
}

/** As the server itself, unless it is said: a collector mostly asks from another machine. */
function metricsHostOf(settings: z.infer<typeof schema>): { host?: string } {
  return settings.METRICS_HOST ? { host: settings.METRICS_HOST } : hostOf(settings);
}

const makeSecret = 'Make one with: openssl rand -base64 48';

function productionFaults({
  PUBLIC_URL,
  PORTICO_SECRET,
  DATABASE_URL,
  PORTICO_DEMO,
  MAIL_INBOX,
}: NodeJS.ProcessEnv): { setting: string; says: string }[] {
  const faults: { setting: string; says: string }[] = [];
  const add = (setting: string, fault: string) => faults.push({ setting, says: `${setting} ${fault}` });
  if (!PUBLIC_URL) add('PUBLIC_URL', 'is missing. Set it to the https address people see, for example https://id.example.com');
  else if (!/^https:/i.test(PUBLIC_URL)) add('PUBLIC_URL', 'must start with https:// in production');
  if (!PORTICO_SECRET) add('PORTICO_SECRET', `is missing. ${makeSecret}`);
  else if (new Set(PORTICO_SECRET).size < 12) add('PORTICO_SECRET', `is too simple. ${makeSecret}`);
  if (!DATABASE_URL) add('DATABASE_URL', 'is missing. The embedded database is for development only');
  if (MAIL_INBOX === 'on') add('MAIL_INBOX', 'must be off in production: whoever reads it can get into every account');
  if (PORTICO_DEMO === 'on') add('PORTICO_DEMO', 'must be off in production');
  return faults;
}

function entriesOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

function checkProxies(list: string, context: z.RefinementCtx): void {
  for (const entry of entriesOf(list)) {
    if (ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry)) continue;
    context.addIssue({ code: 'custom', message: `"${entry}" is neither an address nor a network such as 10.0.0.0/8` });
  }
}

// What one hash fills while it is computed (hasher.ts); a quarter of the memory is for hashing.
const HASH_BYTES = 20 * 1024 * 1024;

/** A random secret kept beside the development database, so that sessions survive a restart and no default secret exists. */
function developmentSecret(dataFolder: string): string {
  const file = `${dataFolder}/secret`;
  mkdirSync(dataFolder, { recursive: true });
  try {
    // `wx` makes the first of two processes win; the other reads what it wrote.
    writeFileSync(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8');
}
