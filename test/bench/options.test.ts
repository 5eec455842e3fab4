import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readOptions, UsageError, usage } from '../../bench/options.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

test('without options it is the first table, with the usual effort', () => {
  expect(readOptions([])).toMatchObject({ mode: 'operations', rounds: 5, requests: 1_000, workers: 4, only: '', json: false });
});

test('--accounts is a million unless a number follows', () => {
  expect(readOptions(['--accounts'])).toMatchObject({ mode: 'growth', accounts: 1_000_000, brands: undefined });
  expect(readOptions(['--accounts', '--json'])).toMatchObject({ accounts: 1_000_000, json: true });
  expect(readOptions(['--accounts', '20000', '--brands', '30'])).toMatchObject({ accounts: 20_000, brands: 30 });
  expect(readOptions(['--brands=30'])).toMatchObject({ mode: 'growth', brands: 30, accounts: undefined });
});

test('levels are taken in order', () => {
  expect(readOptions(['--overload', '--levels', '5,1,0.5'])).toMatchObject({ mode: 'overload', levels: [0.5, 1, 5] });
});

const mistakes: [args: string[], says: RegExp][] = [
  [['--rounds', 'x'], /^--rounds must be a whole number from 1 to 1000, and is "x"\.$/],
  [['--rounds', '0'], /^--rounds must be/],
  [['--requests', '1.5'], /^--requests must be/],
  [['--workers', ''], /^--workers must be/],
  [['--accounts', 'many'], /^--accounts must be/],
  [['--brands', '20001'], /^--brands must be a whole number from 1 to 20000/],
  [['--brands'], /--brands <value>' argument missing\. What there is: npm run bench -- --help$/],
  [['--bogus'], /^Unknown option '--bogus'\. What there is: npm run bench -- --help$/],
  [['discovery'], /^Unexpected argument 'discovery'\. What there is/],
  [['--overload', '--levels', '0,1'], /^--levels must be multiples/],
  [['--overload', '--levels', '2,5'], /1 among them/],
  [['--overload', '--seconds', '3'], /^--seconds must be/],
  [['--overload', '--brands', '3'], /^--overload is measured by itself/],
  [['--overload', '--rounds', '3'], /^--rounds means nothing to --overload/],
  [['--accounts', '--only', 'x'], /^--only means nothing to --accounts and --brands/],
  [['--levels', '1,2'], /^--levels is for --overload/],
  [['--brands', '3', '--spread', 'wide'], /^--spread must be even or uneven, and is "wide"\.$/],
  [['--overload', '--plot', 'x.png'], /^--plot writes SVG/],
  [['--plot', 'x.svg'], /^--plot is for --overload/],
];

test.each(mistakes)('%j is answered with a sentence', (args, says) => {
  expect(() => readOptions(args)).toThrow(UsageError);
  expect(() => readOptions(args)).toThrow(says);
});

test('a mistake ends the bench with 1 and one line, without a stack', async () => {
  for (const args of [
    ['--rounds', 'x'],
    ['--only', 'nothing of the kind'],
  ]) {
    const { code, out, said } = await bench(args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(said.trimEnd().split('\n')).toHaveLength(1);
    expect(said).toMatch(/^(--rounds must be|Nothing is called "nothing of the kind"; there are: refresh with rotation; )/);
  }
});

test('--help lists every option and starts nothing', async () => {
  expect(await bench(['--help'])).toEqual({ code: 0, out: `${usage}\n`, said: '' });
  const modes = ['--overload', '--accounts', '--brands'];
  for (const option of [
    ...modes,
    ...'only rounds requests workers levels seconds spread json plot profile'.split(' ').map((name) => `--${name}`),
  ])
    expect(usage).toContain(`  ${option} `);
});

async function bench(args: string[]): Promise<{ code: number | null; out: string; said: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { out: '', said: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.said += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}
