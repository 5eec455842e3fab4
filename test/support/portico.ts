// The whole product in this process, as main.ts starts it: real services, a fresh database, brands made by the operator's own flow.
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { type Brand, type BrandSettings, defaultSettings } from '../../src/domain/brands.ts';
import type { Theme } from '../../src/domain/themes.ts';
import { type ApplyBrand, applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { createHasher } from '../../src/hasher.ts';
import { type RunningJobs, startJobs } from '../../src/jobs/runner.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createLog } from '../../src/log.ts';
import { createMailer } from '../../src/mail/mailer.ts';
import { createOidcDoor } from '../../src/oidc/logout.ts';
import { startServer } from '../../src/server.ts';
import type { Services } from '../../src/services.ts';
import { watchBrands } from '../../src/storage/brand-changes.ts';
import * as storedBrands from '../../src/storage/brands.ts';
import { type Db, openDatabase } from '../../src/storage/database.ts';
import type { BrandDirectory } from '../../src/web/brand-directory.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { type SmtpOptions, startSmtp, type TestSmtp } from './smtp.ts';

export { freePort } from './free-port.ts';

/** A brand of a test; `path` is '' for the one at the root of the host. */
export interface BrandOfTest extends Partial<Omit<ApplyBrand, 'issuer'>> {
  slug: string;
  path?: string;
}

export interface StartOptions {
  /** By default one brand at the root: demoBrand. */
  brands?: BrandOfTest[];
  /** Settings of every brand that does not name its own. */
  settings?: Partial<BrandSettings>;
  /** Environment of loadConfig, over the test's defaults. */
  env?: Record<string, string>;
  /** Starts a mail server, and the jobs that post to it. */
  mail?: true | SmtpOptions;
  /** How many sign-ins may stand in the queue for hashing. */
  hashQueue?: number;
  /** Takes the database's address and gives the one the product is to use. */
  through?: (url: string) => Promise<string>;
}

export interface RunningPortico {
  /** Issuer of the first brand. */
  issuer: string;
  /** Issuers by slug. */
  issuers: Record<string, string>;
  services: Services;
  database: TestDatabase;
  db: TestDatabase['db'];
  /** Every SQL statement so far. */
  statements: string[];
  /** Every line of the log so far. */
  logs: string[];
  /** Only where the test was started with `mail`. */
  smtp: TestSmtp;
  /** Does `change` to the brand of this slug; resolves when every answer of the server is of the brand as it is then. */
  changing(slug: string, change: (brand: Brand) => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

export const demoBrand: BrandOfTest = { slug: 'nightfall', name: 'Nightfall Records' };

// Everybody in a test comes from one address.
const crowd = { attempts: 10_000, seconds: 60 };
export const limits = { ...defaultSettings.limits, loginPerNetwork: crowd, registerPerNetwork: crowd };

const theme: Partial<Theme> = { brandColor: '#5b2bd9', links: { home: 'https://nightfall.example/' } };

export async function startPortico({
  brands = [demoBrand],
  settings,
  env = {},
  mail,
  hashQueue,
  through,
}: StartOptions = {}): Promise<RunningPortico> {
  const port = await freePort();
  const smtp = mail && (await startSmtp(mail === true ? {} : mail));
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: String(port),
    PORTICO_SECRET: 'a root secret of a test, longer than thirty-two characters',
    HASH_CONCURRENCY: '2',
    ...(smtp && { SMTP_URL: smtp.url }),
    ...env,
  });
  const database = await createTestDatabase();
  const logs: string[] = [];
  const log = createLog(config.logLevel, { write: (line) => void logs.push(line) });
  const hasher = createHasher({ concurrency: config.hashConcurrency, ...(hashQueue !== undefined && { queue: hashQueue }) });
  const wired = through && openDatabase({ url: await through(database.url), max: config.databasePool });
  const services: Services = { config, log, db: wired ?? database.db, hasher, keyring: createKeyring(config.secret) };
  const close = async () => {
    hasher.close();
    await smtp?.stop();
    await wired?.close();
    await database.close();
  };
  try {
    const issuers = await createBrands(services, brands, settings);
    const app = createApp(services);
    const server = await startServer(app, config);
    const watch = watchBrands(database.url, app.directory);
    const jobs = smtp && (await startTestJobs(services, database.db.pool, app));
    const { db, statements } = database;
    const issuer = Object.values(issuers)[0] as string;
    const stop = async () => {
      await server.close(500);
      await jobs?.stop();
      await watch.stop();
      await close();
    };
    const changing: RunningPortico['changing'] = (slug, change) => changeBrand(db, app.directory, slug, change);
    const running = { issuer, issuers, services, database, db, statements, logs, changing, stop };
    return Object.defineProperty(running, 'smtp', { get: () => smtp || missing() }) as RunningPortico;
  } catch (error) {
    await close();
    throw error;
  }
}

/** What main.ts starts beside the server. */
export function startTestJobs(services: Services, pool: TestDatabase['db']['pool'], app: App): Promise<RunningJobs> {
  return startJobs(services, { pool, oidc: createOidcDoor(services, app.providers), mailer: createMailer(services, app.locales) });
}

// The directory keeps an entry for each; what was never looked up would be fresh before the news of the change came.
const firstSegments = ['', 'auth', 'interaction', 'account', 'token', 'userinfo', 'session'];

async function changeBrand(db: Db, directory: BrandDirectory, slug: string, change: (brand: Brand) => Promise<unknown>): Promise<void> {
  const brand = async () => (await storedBrands.findBySlug(db, slug)) ?? missingBrand(slug);
  const { issuer } = await brand();
  const { host, pathname } = new URL(issuer);
  const segments = pathname === '/' ? firstSegments : [pathname.slice(1)];
  const known = (segment: string) => directory.select(host, segment);
  await Promise.all(segments.map(known));
  await change(await brand());
  const { version } = await brand();
  const deadline = performance.now() + 10_000;
  for (const segment of segments) {
    while ((await known(segment))?.version !== version) {
      if (performance.now() > deadline) throw new Error(`the server heard nothing of version ${version} of ${slug}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function missingBrand(slug: string): never {
  throw new Error(`there is no brand ${slug}`);
}

function missing(): never {
  throw new Error('this test has no mail server: startPortico({ mail: true })');
}

async function createBrands(services: Services, brands: BrandOfTest[], settings: Partial<BrandSettings> = {}) {
  const issuers: Record<string, string> = {};
  for (const { path = '', ...brand } of brands) {
    const issuer = services.config.publicUrl + path;
    // ES256 alone: an RSA key takes up to a second to make.
    await applyBrand(services, {
      name: brand.slug,
      theme,
      settings: { limits, emailVerification: { pages: 'off' }, ...settings },
      algorithms: ['ES256'],
      ...brand,
      issuer,
    });
    issuers[brand.slug] = issuer;
  }
  return issuers;
}
