// What an operator does for a person who asks for their data, or wants to be forgotten.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitingMails } from '../support/mails.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount } from '../support/protocol.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;
const folder = mkdtempSync(join(tmpdir(), 'portico-journal-'));

beforeAll(async () => {
  portico = await startPortico({ brands: [demoBrand] });
  run = commandLine(portico);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await portico.stop();
});

test('an account’s data is printed as one JSON document, with and without --json', async () => {
  const sub = await createAccount(portico, { email: 'ada@cli.example', claims: { name: 'Ada' } });
  for (const more of [[], ['--json']]) {
    const printed = await run(['account', 'export', 'ada@cli.example', ...more]);
    expect(printed).toMatchObject({ code: 0, err: '' });
    expect(printed.json()).toMatchObject({ account: { sub, email: 'ada@cli.example' }, profile: { name: 'Ada' } });
    expect(printed.out).not.toContain('argon2');
  }
  expect(await waitingMails(portico.services)).toEqual([]);
  const again = (await run(['account', 'export', sub])).json<{ history: { event: string; by: string }[] }>();
  expect(again.history.filter(({ event, by }) => event === 'data_exported' && by === 'operator')).toHaveLength(3);
});

test('an account is erased only with --yes, and then for good', async () => {
  const sub = await createAccount(portico, { email: 'bea@cli.example' });
  const asked = await run(['account', 'erase', 'bea@cli.example']);
  expect([asked.code, asked.err.trim()]).toEqual([2, 'bea@cli.example would be erased for good. Add --yes if you mean it.']);
  const erased = await run(['account', 'erase', 'bea@cli.example', '--yes', '--json']);
  expect(erased.json()).toEqual({ sub, erased: true });
  expect((await run(['account', 'find', sub])).code).toBe(1);
  expect((await run(['account', 'erase', sub, '--yes'])).code).toBe(1);
  expect(await waitingMails(portico.services)).toMatchObject([{ name: 'account_erased', to: 'bea@cli.example' }]);
  expect((await run(['account', 'erasures'])).out).toMatch(new RegExp(`^${sub}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC$`, 'm'));
  expect((await run(['account', 'erasures', '--json'])).json()).toEqual([{ sub, erased_at: expect.stringMatching(/^2.*Z$/) }]);
});

test('after a copy was restored, the journal that was kept apart erases again', async () => {
  const sub = await createAccount(portico, { email: 'cleo@cli.example' });
  const journal = join(folder, 'erasures.json');
  writeFileSync(journal, JSON.stringify([{ sub, erased_at: '2026-01-02T03:04:05.000Z' }]));
  const first = await run(['account', 'erase', '--again', '--journal', journal]);
  expect([first.code, first.out.trim()]).toEqual([0, '1 account erased again.']);
  const second = await run(['account', 'erase', '--again']);
  expect([second.code, second.out.trim()]).toEqual([0, 'Nobody who was erased is there again.']);
  expect((await run(['account', 'find', sub])).code).toBe(1);
});

test('what is no journal, and what belongs to the other use, is said', async () => {
  const file = join(folder, 'nonsense.json');
  for (const nonsense of ['{}', '[{"sub":"ada"}]', '[{"sub":1,"erased_at":"yesterday"}]']) {
    writeFileSync(file, nonsense);
    const { code, err } = await run(['account', 'erase', '--again', '--journal', file]);
    expect([code, err]).toEqual([1, expect.stringContaining('is no journal')]);
  }
  expect((await run(['account', 'erase', 'ada@cli.example', '--again'])).code).toBe(2);
  expect((await run(['account', 'erase', 'ada@cli.example', '--yes', '--journal', file])).code).toBe(2);
  expect((await run(['account', 'find', 'ada@cli.example'])).code).toBe(0);
});
