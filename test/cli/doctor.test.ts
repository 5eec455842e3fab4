import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkCookies } from '../../src/cli/checks/cookies.ts';
import { checkDatabase } from '../../src/cli/checks/database.ts';
import type { Finding } from '../../src/cli/checks/finding.ts';
import { checkIssuers } from '../../src/cli/checks/issuer.ts';
import { checkMail } from '../../src/cli/checks/mail.ts';
import { checkProxy } from '../../src/cli/checks/proxy.ts';
import { checkSecret } from '../../src/cli/checks/secret.ts';
import type { Brand } from '../../src/domain/brands.ts';
import { sealSmtp } from '../../src/domain/mails.ts';
import * as brands from '../../src/storage/brands.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { freePort, type RunningPortico, startPortico } from '../support/portico.ts';
import { startSmtp } from '../support/smtp.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;
let brand: Brand;

beforeAll(async () => {
  portico = await startPortico();
  run = commandLine(portico);
  brand = (await brands.list(portico.db))[0] as Brand;
});
afterAll(() => portico.stop());

const levels = (findings: Finding[]) => findings.map(({ check, level }) => `${check} ${level}`);

test('doctor looks at a running installation and says one plain line per check', async () => {
  const { code, out, err } = await run(['doctor']);
  // The cluster of the tests runs without fsync, which is the one thing to repair here.
  expect({ code, err }).toEqual({ code: out.includes('fsync is off') ? 1 : 0, err: '' });
  expect(out).toMatch(/^ok {4}settings {2}The settings can be used \(test\)\.$/m);
  expect(out).toMatch(/^ok {4}secret {4}It opens the brands' keys\.$/m);
  expect(out).toMatch(/^ok {4}database {2}PostgreSQL \d+\.\d+ answers, in UTF8\.$/m);
  expect(out).toMatch(/^ok {4}clock {5}This machine and the database agree on the time\.$/m);
  expect(out).toMatch(/^ok {4}schema {4}The schema is up to date \(\d{4}_\w+\)\.$/m);
  expect(out).toContain(`nightfall answers at ${portico.issuer}, and its endpoints agree.`);
  expect(out).toMatch(/^warn {2}mail {6}Mail is not configured yet: nothing can be sent\.\n {16}-> Set SMTP_URL/m);
  expect(out.trimEnd().split('\n').at(-1)).toMatch(/^Nothing is broken; \d hints?\.$|^1 thing must be repaired/);
}, 60_000);

test('settings that production refuses are findings too, and the exit code says so', async () => {
  const ran = await run(['doctor', '--json'], { env: { NODE_ENV: 'production', DATABASE_URL: '' } });
  expect(ran).toMatchObject({ code: 1, err: '' });
  const { healthy, findings } = ran.json<{ healthy: boolean; findings: Finding[] }>();
  expect(healthy).toBe(false);
  expect(findings).toMatchObject([{ check: 'settings', level: 'fail' }]);
  expect(findings[0]?.says).toContain('PUBLIC_URL must start with https://');
  expect(findings[0]?.says).toContain('DATABASE_URL is missing');
});

test('a database that is away is one finding, and the rest is still looked at', async () => {
  const ran = await run(['doctor', '--json'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' } });
  expect(ran.code).toBe(1);
  const { findings } = ran.json<{ findings: Finding[] }>();
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'database', level: 'fail', says: 'The database cannot be used: ECONNREFUSED.' }),
  );
  expect(levels(findings)).toContain('proxy ok');
  expect(JSON.stringify(findings)).not.toContain('There is no brand yet');
});

test('another secret than the one the brands were made with is found', () => {
  const secret = 'yZ3vQ8rT1wX6nB4mK9pL2sD7fG5hJ0cA-_uEoIiRqWtYxV';
  const [strength, belongs] = checkSecret({ secret, production: true }, [brand]);
  expect(strength?.level).toBe('ok');
  expect(belongs).toMatchObject({ level: 'fail', says: expect.stringContaining('does not open the keys of nightfall') });
  const weak = 'abababababababababababababababababababab';
  expect(levels(checkSecret({ secret: weak, production: true }, []))).toEqual(['secret fail']);
  expect(levels(checkSecret({ secret: weak, production: false }, []))).toEqual(['secret warn']);
});

test.each<[string, string[], Finding['level'], string]>([
  ['https://id.example', [], 'fail', 'all visitors seem to come from the proxy'],
  ['https://id.example', ['10.0.0.5'], 'ok', 'believed from 10.0.0.5 only'],
  ['https://id.example', ['10.0.0.5', '0.0.0.0/0'], 'fail', 'anybody may claim any address'],
  ['https://id.example', ['::/0'], 'fail', 'anybody may claim any address'],
  ['http://localhost:3000', [], 'ok', 'No proxy is trusted'],
  ['http://localhost:3000', ['10.0.0.5'], 'warn', 'PUBLIC_URL is http'],
])('proxy: %s behind %j is %s', (publicUrl, trustedProxies, level, says) => {
  const finding = checkProxy({ publicUrl, trustedProxies });
  expect(finding.level).toBe(level);
  expect(finding.says).toContain(says);
  expect(finding.remedy === undefined).toBe(level === 'ok');
});

test('cookies need https, except on this machine', async () => {
  const at = async (issuer: string) => (await checkCookies({ publicUrl: issuer }, [{ ...brand, issuer }]))[0];
  expect(await at('https://id.example')).toMatchObject({ level: 'ok', says: expect.stringContaining(`__Host-${brand.id}.session`) });
  expect((await at('http://localhost:3000'))?.level).toBe('ok');
  expect(await at('http://id.example')).toMatchObject({ level: 'fail', says: expect.stringContaining('travel in clear') });
});

test('a database without our schema, and a clock that went astray, are told and not repaired', async () => {
  const empty = await createEmptyDatabase();
  const db = openDatabase({ url: empty.url, max: 1 });
  const { config } = portico.services;
  const findings = await checkDatabase(db, config, false);
  expect(findings.at(-1)).toMatchObject({ check: 'schema', level: 'warn', says: expect.stringContaining('0001_foundation') });
  const late = {
    ...db,
    row: async <Row>(statement: Parameters<typeof db.row>[0]) => shifted(await db.row<Row & object>(statement)) as Row,
  };
  expect(await checkDatabase(late, config, false)).toContainEqual(
    expect.objectContaining({ check: 'clock', level: 'fail', says: expect.stringMatching(/^This machine's clock is 3[01]\.\d s behind/) }),
  );
  await db.close();
  await empty.drop();
});

function shifted(row: object | undefined): object | undefined {
  return row && 'now' in row ? { ...row, now: Number(row.now) + 30_000 } : row;
}

test('issuers: not running, and a proxy that redirects or answers for somebody else', async () => {
  const { config } = portico.services;
  const [stopped] = await checkIssuers({ ...config, port: await freePort() }, [brand]);
  expect(stopped).toMatchObject({ level: 'warn', says: expect.stringContaining('does not run on port') });
  let answer = { status: 301, body: '', location: 'https://elsewhere.example/' };
  const proxy = createServer((_req, res) => {
    res.writeHead(answer.status, { location: answer.location, 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const look = async () => (await checkIssuers({ ...config, publicUrl: issuer }, [{ ...brand, issuer }]))[0];
  expect((await look())?.says).toContain('answers 301 and leads to https://elsewhere.example/');
  answer = { ...answer, status: 500 };
  expect((await look())?.remedy).toContain("Portico's log says why");
  answer = { ...answer, status: 200, body: JSON.stringify({ issuer: 'https://other.example' }) };
  expect((await look())?.says).toContain('says its issuer is https://other.example');
  answer = { ...answer, body: JSON.stringify({ issuer, token_endpoint: 'http://evil.example/token' }) };
  expect(await look()).toMatchObject({ level: 'fail', says: expect.stringContaining('token_endpoint is http://evil.example/token') });
  answer = { ...answer, body: JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }) };
  expect((await look())?.level).toBe('ok');
  await new Promise((resolve) => proxy.close(resolve));
  expect((await look())?.says).toContain('cannot be reached (ECONNREFUSED)');
  const [frozen] = await checkIssuers(config, [{ ...brand, issuer }]);
  expect(frozen?.remedy).toContain('apply its folder again: npm run portico -- brand apply <folder>');
});

test('mail: absent, present, and a server that is not there', async () => {
  const { secret } = portico.services.config;
  const look = (smtpUrl: string | undefined, production = true) => checkMail({ smtpUrl, production, secret });
  expect(await look(undefined)).toMatchObject([{ level: 'fail', remedy: expect.stringContaining('Set SMTP_URL') }]);
  expect(levels(await look(undefined, false))).toEqual(['mail warn']);
  const smtp = await startSmtp();
  expect(levels(await look(smtp.url))).toEqual(['mail ok']);
  await smtp.stop();
  const [gone] = await look(`smtp://user:hunter2@127.0.0.1:${smtp.port}`);
  expect(gone).toMatchObject({ level: 'fail', says: expect.stringMatching(/^127\.0\.0\.1:\d+ does not take our mail: /) });
  expect(JSON.stringify(gone)).not.toContain('hunter2');
});

test('while developing, mail without a server is no fault: it stands in the inbox', async () => {
  const config = { smtpUrl: undefined, production: false, secret: 'unused', publicUrl: 'http://localhost:3000' };
  const says = 'Without SMTP_URL no mail leaves this machine: read it at http://localhost:3000/dev/mail.';
  expect(await checkMail({ ...config, mailInbox: '.portico/mail' })).toEqual([{ check: 'mail', level: 'ok', says }]);
  expect(await checkMail({ ...config, mailInbox: undefined })).toMatchObject([
    { level: 'warn', remedy: expect.stringContaining('Set SMTP_URL') },
  ]);
});

test("a brand's own mail server is looked at as well, and its password never told", async () => {
  const { keyring, config } = portico.services;
  const smtp = await startSmtp({ auth: { user: 'nightfall', password: 'hunter2' } });
  const at = (url: string) =>
    checkMail({ ...config, smtpUrl: undefined }, [{ slug: 'nightfall', smtp: sealSmtp(keyring, 'nightfall', url) }]);
  expect((await at(smtp.url)).at(-1)).toMatchObject({ level: 'ok', says: `127.0.0.1:${smtp.port} takes nightfall's mail.` });
  const [, refused] = await at(smtp.url.replace('hunter2', 'hunter3'));
  expect(refused).toMatchObject({ level: 'fail', remedy: expect.stringContaining('mail.smtpUrl of the brand nightfall') });
  expect(JSON.stringify(refused)).not.toContain('hunter3');
  const foreign = await checkMail({ ...config, secret: `${config.secret}!` }, [
    { slug: 'nightfall', smtp: sealSmtp(keyring, 'nightfall', smtp.url) },
  ]);
  expect(foreign.at(-1)).toMatchObject({ level: 'fail', says: expect.stringContaining('PORTICO_SECRET does not open') });
  await smtp.stop();
});
