// The one place that reads the environment. Everything has a safe default in development; in production nonsense refuses to start.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { OperatorError } from './errors.ts';

const projectFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const integer = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);

const schema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: integer(0, 65535).default(3000),
  HOST: z.string().optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_DIRECT_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL: integer(1, 500).default(10),
  TRUSTED_PROXIES: z.string().default(''),
  PORTICO_SECRET: z.string().min(32, 'must have at least 32 characters; make one with: openssl rand -base64 48').optional(),
  PORTICO_DATA: z.string().optional(),
  PORTICO_DEMO: z.enum(['on', 'off']).optional(),
  DEMO_PORT: integer(0, 65535).default(3001),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
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
  if (production) refuseUnsafe(settings);
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
    trustedProxies: trustedProxies(settings.TRUSTED_PROXIES),
    secret: settings.PORTICO_SECRET ?? developmentSecret(dataFolder),
    dataFolder,
    projectFolder,
    demo: (settings.PORTICO_DEMO ?? (settings.NODE_ENV === 'development' ? 'on' : 'off')) === 'on',
    demoPort: settings.DEMO_PORT,
    smtpUrl: settings.SMTP_URL,
    logLevel: settings.LOG_LEVEL,
    // One core stays free for signing and serving: hashing shares libuv's threads with WebCrypto.
    hashConcurrency: settings.HASH_CONCURRENCY ?? Math.max(1, availableParallelism() - 1),
  });
}

function parse(env: NodeJS.ProcessEnv) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new OperatorError(`Portico cannot start with these settings:\n${lines.join('\n')}`);
}

/**
 * Loopback unless the operator says otherwise in development: a laptop on a café's network serves nobody else.
 * Nothing in production: Node then listens on every interface, of both families or, where IPv6 is switched off, of IPv4.
 */
function hostOf({ HOST, NODE_ENV }: z.infer<typeof schema>): { host?: string } {
  if (HOST) return { host: HOST };
  return NODE_ENV === 'production' ? {} : { host: 'localhost' };
}

function refuseUnsafe(settings: z.infer<typeof schema>): void {
  const faults: string[] = [];
  if (!settings.PUBLIC_URL)
    faults.push('PUBLIC_URL is missing. Set it to the https address people see, for example https://id.example.com');
  else if (!settings.PUBLIC_URL.startsWith('https://')) faults.push('PUBLIC_URL must start with https:// in production');
  if (!settings.PORTICO_SECRET) faults.push('PORTICO_SECRET is missing. Make one with: openssl rand -base64 48');
  else if (new Set(settings.PORTICO_SECRET).size < 12) faults.push('PORTICO_SECRET is too simple. Make one with: openssl rand -base64 48');
  if (!settings.DATABASE_URL) faults.push('DATABASE_URL is missing. The embedded database is for development only');
  if (settings.PORTICO_DEMO === 'on') faults.push('PORTICO_DEMO must be off in production');
  if (faults.length > 0)
    throw new OperatorError(`Portico refuses to start in production:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}

function trustedProxies(list: string): readonly string[] {
  const entries = list
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  for (const entry of entries) {
    if (!ipaddr.isValid(entry) && !ipaddr.isValidCIDR(entry)) {
      throw new OperatorError(`TRUSTED_PROXIES: "${entry}" is neither an address nor a network such as 10.0.0.0/8`);
    }
  }
  return Object.freeze(entries);
}

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
