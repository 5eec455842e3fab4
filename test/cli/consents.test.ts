import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerConsents } from '../../src/flows/answer-consents.ts';
import * as brands from '../../src/storage/brands.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount } from '../support/protocol.ts';
import { news, terms } from '../support/questions.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;
const folder = mkdtempSync(join(tmpdir(), 'portico-consents-'));

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, consents: [terms(1), news] }] });
  run = commandLine(portico);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await portico.stop();
});

async function ada(email: string): Promise<string> {
  const id = await createAccount(portico, { email });
  const brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
  const given = { terms: { version: '1', accepted: true }, news: { version: '1', accepted: true } };
  const source = { ip: '203.0.113.7', userAgent: 'Firefox/150.0', locale: 'en', clientId: 'shop' };
  await answerConsents(portico.services, brand, { accountId: id, given, channel: 'page', source, at: 'choice' });
  return id;
}

test('an operator shows what a person agreed to, notes that they withdrew it, and hands the proof over', async () => {
  const id = await ada('ada@nightfall.example');
  const shown = await run(['account', 'consents', 'ada@nightfall.example']);
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('The ledger is whole and unchanged.')]);
  expect(shown.out).toMatch(/1 {2,}\d{4}-.*terms +1 +accepted +page +shop +I agree to version 1/);

  const withdrawn = await run(['account', 'consents', 'ada@nightfall.example', '--withdraw', 'news', '--json']);
  const proof = JSON.parse(withdrawn.out);
  expect(proof).toMatchObject({ account: { sub: id }, verified: true, faults: [] });
  expect(proof.answers.at(-1)).toMatchObject({
    document: 'news',
    answer: 'withdrawn',
    by_way_of: 'admin',
    network: null,
    user_agent: null,
  });

  const again = await run(['account', 'consents', 'ada@nightfall.example', '--withdraw', 'news']);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('ada@nightfall.example has not agreed to "news".')]);
});

test('a ledger that is not as written is found, and the exit code says so', async () => {
  const id = await ada('bob@nightfall.example');
  expect((await run(['consents', 'verify'])).out).toMatch(/\d+ lines of \d+ accounts?: all as written\./);
  await portico.db.pool.query("update portico.consents set answer = 'declined' where account_id = $1 and number = 1", [id]);
  const found = await run(['consents', 'verify']);
  expect([found.code, found.out]).toEqual([1, expect.stringContaining(id)]);
  expect((await run(['account', 'consents', id])).code).toBe(1);
  await portico.db.pool.query('delete from portico.accounts where id = $1', [id]);
});

test('what all brands ask is defined once, and a mistake is told with its line', async () => {
  const file = join(folder, 'consents.json');
  const document = { name: 'platform', versions: [{ version: 1, kind: 'required', effective: '2026-01-01', text: { en: 'I agree.' } }] };
  writeFileSync(file, JSON.stringify([document], null, 2));
  expect((await run(['installation', 'apply', folder])).out).toBe('For all brands: platform, platform 1.\n');
  expect((await run(['installation', 'apply', folder])).out).toBe('Everything is as the file says already.\n');
  writeFileSync(file, JSON.stringify([{ ...document, name: 'Platform' }], null, 2));
  const refused = await run(['installation', 'apply', folder]);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('line 3: 0.name: may have a-z, 0-9 and _ only')]);
  expect((await run(['brand', 'show', 'nightfall'])).out).toMatch(/consents +platform 1 \(installation\)/);
});
