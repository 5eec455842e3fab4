// The doctor behind a transaction pooler.
import type { Finding } from '../../src/cli/checks/finding.ts';
import { openStrictPooler, type StrictPooler } from '../storage/strict-pooler.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let pooler: StrictPooler;
let run: CommandLine;

beforeAll(async () => {
  portico = await startPortico();
  pooler = await openStrictPooler(portico.database.url);
  run = commandLine(portico);
});
afterAll(async () => {
  await pooler.close();
  await portico.stop();
});

async function findings(env: Record<string, string>): Promise<Finding[]> {
  return (await run(['doctor', '--json'], { env })).json<{ findings: Finding[] }>().findings.filter(({ check }) => check === 'database');
}

test('it says which limits the role lacks, and is content once the role has them', async () => {
  const env = { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: portico.database.url };
  expect(await findings(env)).toContainEqual(
    expect.objectContaining({ level: 'warn', remedy: expect.stringContaining("set statement_timeout = '3000ms';") }),
  );
  for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'])
    await portico.database.setForAllConnections(name, '3000ms');
  expect(await findings(env)).toContainEqual({
    check: 'database',
    level: 'ok',
    says: 'Through the pooler too, the server ends what takes too long.',
  });
});

test('a pooler that nobody told of is named', async () => {
  const [finding] = await findings({ DATABASE_URL: pooler.url });
  expect(finding).toMatchObject({ level: 'fail', says: expect.stringContaining('leads to a transaction pooler. Set DATABASE_DIRECT_URL') });
});
