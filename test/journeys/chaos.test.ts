// The short form of `npm run chaos`: each of the cheaper faults strikes once under load, and nothing that was acknowledged is lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Outcome } from '../../chaos/run.ts';

const long = process.env.PORTICO_TEST_LONG === '1';

let running: ChildProcess | undefined;
// A test that took too long leaves nothing behind.
afterEach(async () => {
  if (!running || running.exitCode !== null || running.signalCode !== null) return;
  const ended = once(running, 'close');
  running.kill('SIGTERM');
  await ended;
});

/** As an operator types it. @returns what it said, and its exit code. */
async function chaos(...args: string[]): Promise<{ code: number; out: string; said: string }> {
  const main = join(import.meta.dirname, '../../chaos/main.ts');
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, said };
}

const faults = ['server-killed', 'database-killed', 'database-slow', 'rolling-restart'];
const seldom = ['database-restarted', 'pool-exhausted', 'mail-hangs'];

test.each(long ? [...faults, ...seldom] : faults)(
  '%s loses nothing that was acknowledged',
  async (fault) => {
    const { code, out, said } = await chaos('--only', fault, '--seconds', long ? '20' : '2', '--json');
    const { outcomes } = JSON.parse(out || '{"outcomes":[]}') as { outcomes: Outcome[] };
    const [outcome] = outcomes;
    expect([code, said, outcome?.lost, outcome?.unexpected]).toEqual([0, expect.any(String), [], []]);
    expect(outcome?.strikes).toBeGreaterThan(0);
    expect(outcome?.acknowledgedByKind).toMatchObject({ register: expect.any(Number) });
    expect(outcome?.acknowledged).toBeGreaterThan(10);
    process.stdout.write(`${fault}: ${outcome?.acknowledged} of ${outcome?.sent} acknowledged, none lost\n`);
  },
  long ? 420_000 : 60_000,
);

test.each([
  [['--only', 'flood'], 'No fault is called "flood". There are: server-killed, database-restarted'],
  [['--seconds', 'ten'], '--seconds must be a whole number from 1 to 600, and not "ten".'],
  [['--loud'], "Unknown option '--loud'"],
])('a wrong option is told in a sentence: %j', async (args, sentence) => {
  const { code, out, said } = await chaos(...args);
  expect([code, out]).toEqual([1, '']);
  expect(said).toContain(sentence);
  expect(said.trim().split('\n')).toHaveLength(1);
});
