// doctor: looks at an installation from the outside and says in plain words what is wrong with it.
import type { Config } from '../config.ts';
import type { Brand } from '../domain/brands.ts';
import { OperatorError } from '../errors.ts';
import { explainPooler } from '../open-services.ts';
import * as brands from '../storage/brands.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { checkCookies } from './checks/cookies.ts';
import { checkDatabase } from './checks/database.ts';
import { type Finding, fail, ok } from './checks/finding.ts';
import { checkIssuers } from './checks/issuer.ts';
import { checkMail } from './checks/mail.ts';
import { checkProxy } from './checks/proxy.ts';
import { checkSecret } from './checks/secret.ts';
import type { Command, Input, Output } from './command.ts';
import { reachDatabase } from './reach-database.ts';
import { counted } from './text.ts';

export const doctorCommands: Readonly<Record<string, Command>> = {
  doctor: {
    says: 'Check settings, secret, database, clock, issuer, proxy, cookies and mail',
    options: {},
    example: 'doctor',
    run,
  },
};

async function run(input: Input): Promise<Output> {
  const findings = await examine(input);
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const healthy = count('fail') === 0;
  return {
    json: { healthy, findings },
    text: [...findings.map(line), '', summary(count('fail'), count('warn'))].join('\n'),
    code: healthy ? 0 : 1,
  };
}

async function examine(input: Input): Promise<Finding[]> {
  let config: Config;
  try {
    config = input.config();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [fail('settings', error.message, 'Change these settings and run doctor again.')];
  }
  const { known, findings } = await examineDatabase(config);
  return [
    ok('settings', `The settings can be used (${config.environment}).`),
    ...checkSecret(config, known ?? []),
    ...findings,
    ...(known ? await checkIssuers(config, known) : []),
    checkProxy(config),
    ...(await checkCookies(config, known ?? [])),
    ...(await checkMail(config, known ?? [])),
  ];
}

/** Nothing is migrated: what is pending is told, not done. The brands are unknown when they could not be asked for. */
async function examineDatabase(config: Config): Promise<{ known: Brand[] | undefined; findings: Finding[] }> {
  let db: Database | undefined;
  let stop = async () => {};
  try {
    const reached = await reachDatabase(config);
    stop = reached.stop;
    db = openDatabase({ url: reached.url, max: 2, pooled: config.databasePooled });
    const findings = await checkDatabase(db, config, reached.embedded).catch(explainPooler);
    const migrated = findings.some(({ check, level }) => check === 'schema' && level === 'ok');
    return { known: migrated ? await brands.list(db) : undefined, findings };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const says = `The database cannot be used: ${error instanceof OperatorError ? message : (code ?? message)}.`;
    return {
      known: undefined,
      findings: [fail('database', says, 'Check DATABASE_URL, and that PostgreSQL runs and lets this machine in.')],
    };
  } finally {
    await db?.close();
    await stop();
  }
}

function line({ check, level, says, remedy }: Finding): string {
  const indent = ' '.repeat(16);
  const text = says.replaceAll('\n', `\n${indent}`);
  return `${level.padEnd(4)}  ${check.padEnd(8)}  ${text}${remedy ? `\n${indent}-> ${remedy}` : ''}`;
}

function summary(fails: number, warns: number): string {
  if (fails > 0) return `${counted(fails, 'thing')} must be repaired${warns > 0 ? `, ${counted(warns, 'hint')}` : ''}.`;
  return warns > 0 ? `Nothing is broken; ${counted(warns, 'hint')}.` : 'All is well.';
}
