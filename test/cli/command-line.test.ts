import { commands } from '../../src/cli/commands.ts';
import { helpFor } from '../../src/cli/help.ts';
import { nearest } from '../../src/cli/nearest.ts';
import { run as runHere } from '../../src/cli/run.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;

beforeAll(async () => {
  portico = await startPortico({
    brands: [
      { slug: 'nightfall', name: 'Nightfall' },
      { slug: 'harbour', name: 'Harbour', path: '/harbour' },
    ],
  });
  run = commandLine(portico);
});
afterAll(() => portico.stop());

/** Without a process of its own, for what never reaches the database. */
async function here(...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await runHere(argv, {
    out: (line) => {
      said.out += line;
    },
    err: (line) => {
      said.err += line;
    },
    stdin: async () => '',
  });
  return { code, ...said };
}

test.each([
  [['clint', 'list'], 'There is no command "clint list". Did you mean: client list?'],
  [['client', 'lst'], 'There is no command "client lst". Did you mean: client list?'],
  [['client'], '"client" needs one more word: client create'],
  [['hlep'], 'There is no command "hlep". Did you mean: help?'],
  [['nonsense'], 'There is no command "nonsense". All commands are shown by: help'],
  [['client', 'list', '--brnd', 'x'], '"client list" has no option --brnd. Did you mean --brand?'],
  [['client', 'show', '-Exyz'], 'A name that begins with a dash goes last, after --'],
  [['client', 'show'], '"client show" needs <client_id>.'],
  [['brand', 'list', 'all'], '"brand list" does not know what to do with "all".'],
  [['client', 'create', '--spa', '--native'], 'A client is either --spa or --native.'],
  [['client', 'rotate-secret', 'x', '--grace', 'soon'], '"soon" is no duration.'],
  [['keys', 'rotate', '--alg', 'HS256'], '"HS256" is not one of ES256 and RS256.'],
  [['account', 'create'], 'Which address? Add --email.'],
  [['account', 'create', '--email', 'a@b.example'], 'Give the password with either --password-stdin or --password.'],
])('mistyped: %j', async (argv, sentence) => {
  const { code, out, err } = await here(...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
});

test('every command explains itself with all of its options and an example that can be typed', async () => {
  for (const [name, command] of Object.entries(commands)) {
    expect(command.example.startsWith(name)).toBe(true);
    const { code, out } = await here(...name.split(' '), '--help');
    expect(code).toBe(0);
    expect(out).toBe(helpFor(name, command));
    for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`);
    expect((await here('help', ...name.split(' '))).out).toBe(out);
  }
  expect((await here()).out).toContain('client rotate-secret');
});

test('a group of commands explains itself, and the version is told', async () => {
  for (const argv of [
    ['client', '--help'],
    ['help', 'client'],
  ]) {
    const { code, out } = await here(...argv);
    expect(code).toBe(0);
    expect(out).toContain('client rotate-secret');
    expect(out).not.toContain('brand apply');
  }
  expect(await here('--version')).toEqual({ code: 0, out: expect.stringMatching(/^portico \d+\.\d+\.\d+$/), err: '' });
});

test('the nearest word is guessed, a far one is not', () => {
  expect(nearest('redirect-url', ['redirect-uri', 'origin'])).toBe('redirect-uri');
  expect(nearest('xyz', ['redirect-uri', 'origin'])).toBeUndefined();
});

test('with --json a fault is one JSON object on standard error and nothing on standard output', async () => {
  const ran = await run(['brand', 'show', 'harbor', '--json']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(JSON.parse(ran.err)).toEqual({ error: 'There is no brand "harbor". Did you mean "harbour"?', code: 'refused' });
});

test('what begins with a dash and is no option is named last, after two dashes', async () => {
  const ran = await run(['client', 'show', '--brand', 'harbour', '--json', '--', '-Exyz']);
  expect(JSON.parse(ran.err).error).toBe('harbour has no client "-Exyz".');
});

test('which brand is asked when there are several', async () => {
  const ran = await run(['client', 'list']);
  expect(ran).toMatchObject({ code: 2, out: '', err: 'Which brand? Add --brand with one of: harbour, nightfall.\n' });
});

test.each(['find', 'disable', 'enable', 'reset-link', 'export', 'erase'])(
  'account %s asks for the account first, then for the brand',
  async (verb) => {
    const ran = await run(['account', verb]);
    expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Which account?') });
    const named = await run(['account', verb, 'anna@example.com']);
    expect(named).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Which brand?') });
  },
);

test('brands are listed in aligned columns and as one JSON document', async () => {
  const text = await run(['brand', 'list']);
  expect(text.out.split('\n')[0]).toMatch(/^BRAND {6}NAME {7}ISSUER +VERSION$/);
  const brands = (await run(['brand', 'list', '--json'])).json<{ slug: string; issuer: string }[]>();
  expect(brands.map(({ slug, issuer }) => ({ slug, issuer }))).toEqual([
    { slug: 'harbour', issuer: `${portico.issuer}/harbour` },
    { slug: 'nightfall', issuer: portico.issuer },
  ]);
  const shown = (await run(['brand', 'show', 'nightfall', '--json'])).json();
  expect(shown).toMatchObject({ slug: 'nightfall', clients: [], keys: [{ state: 'current' }, { state: 'next' }] });
  expect(JSON.stringify(shown)).not.toContain('identifier');
});

test('a database that is away is a sentence, not a stack', async () => {
  const ran = await run(['brand', 'list'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' } });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^The database at 127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)\./);
  expect(ran.err).not.toContain('    at ');
});

test('another secret than the brands were made with is refused in the words of the doctor', async () => {
  const env = { PORTICO_SECRET: 'yZ3vQ8rT1wX6nB4mK9pL2sD7fG5hJ0cA-_uEoIiRqWtYxV' };
  const ran = await run(['account', 'find', '--brand', 'harbour', '--email', 'a@b.example'], { env });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^PORTICO_SECRET does not open the keys of harbour, nightfall: they were made with another one\. Set the secret/);
});

test('migrate says that nothing is to do', async () => {
  expect((await run(['migrate', '--json'])).json()).toEqual({ applied: [] });
});
