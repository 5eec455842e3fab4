// Starts Portico and, in development, everything it needs: a database, two demo brands and the demo app.
import { createApp } from './app.ts';
import { loadConfig } from './config.ts';
import { refuseBesideAnother, startDemo } from './demo.ts';
import { OperatorError } from './errors.ts';
import { startJobs } from './jobs/runner.ts';
import { leave } from './lifecycle.ts';
import { createMailer } from './mail/mailer.ts';
import { type MetricsServer, startMetricsServer } from './metrics-server.ts';
import { findNeighbour } from './neighbour.ts';
import { createOidcDoor } from './oidc/logout.ts';
import { type OpenedServices, openServices } from './open-services.ts';
import { refuseWrongSecret } from './secret-check.ts';
import { startServer } from './server.ts';
import type { Services } from './services.ts';
import { watchBrands } from './storage/brand-changes.ts';
import * as brands from './storage/brands.ts';
import { productVersion } from './version.ts';

async function main(): Promise<void> {
  const told = toldToStop();
  const config = loadConfig();
  const say = (line: string) => {
    if (!config.production) console.log(line);
  };
  const opened = await openServices(config, { say });
  const { services } = opened;
  const closing = async (error: unknown) => {
    await opened.close();
    throw error;
  };
  await refuseUnfit(services).catch(closing);
  const metrics = await openMetrics(services, opened.jobsPool).catch(closing);
  const app = createApp(services);
  told.serves();
  const server = await startServer(app, config).catch(async (error: NodeJS.ErrnoException) => {
    const neighbour = error.code === 'EADDRINUSE' && config.demo ? await findNeighbour(services).catch(() => undefined) : undefined;
    await opened.close();
    if (error.code !== 'EADDRINUSE') throw error;
    const says = neighbour ?? 'Stop what listens there, or choose another: PORT=3100 npm start';
    throw new OperatorError(`Port ${config.port} is in use. ${says}`);
  });
  const watch = watchBrands(opened.directUrl, app.directory);
  const demo = config.demo ? await startDemo(services, say) : undefined;
  const jobs = await startJobs(services, {
    pool: opened.jobsPool,
    oidc: createOidcDoor(services, app.providers),
    mailer: createMailer(services, app.locales),
  });
  services.log.info({ event: 'started', url: config.publicUrl, port: server.port, pid: process.pid });
  await warnWithoutBrand(services).catch((error) => services.log.warn({ err: error }, 'could not look for brands'));
  warnWithoutMail(services);
  const demoLine = demo ? `  Demo app   ${demo.url}\n` : '';
  const inboxLine = config.mailInbox ? `  Inbox      ${config.publicUrl}/dev/mail\n` : '';
  say(`\n  Portico is ready.\n\n${demoLine}  Portico    ${config.publicUrl}\n${inboxLine}\n  Stop with Ctrl-C.\n`);

  const signal = await told.signal;
  services.log.info({ event: 'stopping', signal });
  const code = await leave({
    lifecycle: app.lifecycle,
    log: services.log,
    drainMs: config.drainSeconds * 1_000,
    stopJobs: jobs.stop,
    closeServer: ({ graceMs, idleMs }) => server.close(graceMs, idleMs),
    closeDoors: async () => {
      demo?.stop();
      await metrics?.close();
      await watch.stop();
      await opened.close();
    },
  });
  process.exit(code);
}

interface Told {
  /** Resolves with the first signal. */
  signal: Promise<NodeJS.Signals>;
  /** From now on it leaves politely. Until then it has nothing to lose (a migration is one transaction) and just ends. */
  serves(): void;
}

function toldToStop(): Told {
  const { promise: signal, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let isServing = false;
  let began: number | undefined;
  const hear = (signal: NodeJS.Signals) => {
    if (!isServing) process.exit(0);
    // A second Ctrl-C ends it; a terminal and npm both pass one on.
    if (signal === 'SIGINT' && began !== undefined && performance.now() - began > 500) process.exit(1);
    began ??= performance.now();
    resolve(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, hear);
  return {
    signal,
    serves: () => {
      isServing = true;
    },
  };
}

/** What cannot be counted stops the start: found out weeks later it would be missing when it is needed. */
async function openMetrics(services: Services, jobsPool: OpenedServices['jobsPool']): Promise<MetricsServer | undefined> {
  if (!services.config.metrics) return undefined;
  const { port } = services.config.metrics;
  return startMetricsServer(services, { ...services.config.metrics, jobsPool, version: productVersion() }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new OperatorError(`Port ${port} is in use: choose another METRICS_PORT`);
    },
  );
}

/** What would break people's sign-ins stops the start, before anything listens or is written. */
async function refuseUnfit(services: Services): Promise<void> {
  refuseWrongSecret(services.keyring, await brands.list(services.db));
  if (services.config.demo) await refuseBesideAnother(services);
}

/** A company's address is not for a made-up brand, so that production creates none; but silence would be a riddle. */
async function warnWithoutBrand({ db, log }: Services): Promise<void> {
  if ((await brands.list(db)).length > 0) return;
  log.warn(
    { event: 'no_brand' },
    'there is no brand yet, so that every address answers 421; create one with: portico brand apply <folder>',
  );
}

/** People wait for codes that never come: an operator should hear of it before they do. */
function warnWithoutMail({ config, log }: Services): void {
  if (config.smtpUrl || config.mailInbox) return;
  log.warn(
    { event: 'no_mail' },
    "SMTP_URL is not set, so that only brands with a mail server of their own send mail; the others' waits in the queue. Set it to, for example, smtps://user:password@smtp.example.com",
  );
}

main().catch((error: unknown) => {
  if (error instanceof OperatorError) console.error(`\n${error.message}\n`);
  else console.error(error);
  process.exit(1);
});
