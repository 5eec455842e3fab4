// The log lets through what it knows by name, and writes one line of JSON for each event, whatever is in it.
import { createLog } from '../src/log.ts';

function capture(level = 'trace') {
  const lines: string[] = [];
  const log = createLog(level, { write: (line) => void lines.push(line) });
  return { log, lines, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const secret = 'correct horse battery staple';

test('what is not on the list does not reach the log, whoever passes it', () => {
  const { log, lines } = capture();
  log.info(
    { event: 'seen', password: secret, email: secret, headers: { cookie: secret }, body: secret, token: secret, authorization: secret },
    'told',
  );
  expect(JSON.parse(lines[0] ?? '')).toEqual({ level: 'info', time: expect.any(String), event: 'seen', msg: 'told' });
});

test('neither does it through a child', () => {
  const { log, lines } = capture();
  const child = log.child({ requestId: 'r1', password: secret, cookie: secret });
  child.info({ event: 'seen', token: secret });
  child.child({ secret }).info({ event: 'again' });
  expect(lines.join('')).not.toContain(secret);
  expect(lines[0]).toContain('"requestId":"r1"');
});

test('nor inside of what is on the list', () => {
  const { log, lines } = capture();
  for (const name of ['event', 'route', 'code', 'clientId', 'url', 'file', 'outcome', 'applied'])
    log.info({ [name]: { password: secret, nested: [secret] } });
  expect(lines.join('')).not.toContain(secret);
});

test('of an error there is its kind, its code and its place, and nothing of what it says', () => {
  const { log, lines, read } = capture();
  const error = Object.assign(new TypeError(`could not read "${secret}"`, { cause: new Error(secret) }), {
    code: '22021',
    detail: secret,
    parameters: [secret],
    query: secret,
  });
  log.error({ err: error }, 'request failed');
  expect(lines.join('')).not.toContain(secret);
  expect(read()[0]).toMatchObject({
    level: 'error',
    err: { name: 'TypeError', code: '22021', stack: expect.any(Array) },
    msg: 'request failed',
  });
});

test('an error of several lines, of another kind, or with a name of its own gives nothing away either', () => {
  const { log, lines, read } = capture();
  log.error({ err: new Error(`first\n    at ${secret} (file:1:1)\n${secret}`) }, 'a');
  log.error({ err: Object.assign(new Error('x'), { name: secret, code: secret }) }, 'b');
  log.error({ err: new AggregateError([new Error(secret)], secret) }, 'c');
  for (const thrown of [secret, null, undefined, 42, { secret }, [secret]]) log.error({ err: thrown }, 'd');
  log.error(new Error(secret), 'e');
  log.error(new Error(secret));
  expect(lines.join('')).not.toContain(secret);
  expect(read()).toHaveLength(11);
});

test('line breaks, escapes and separators in a value make no second line', () => {
  const { log, lines, read } = capture();
  const nasty = 'a\r\nb\n{"level":"fatal"}\u001b[31mred\u001b[0m\u0000\u2028\u2029\u0085\b';
  log.info({ event: nasty, route: nasty, clientId: nasty }, nasty);
  expect(lines).toHaveLength(1);
  expect([...(lines[0]?.trimEnd() ?? '')].filter((character) => character < ' ')).toEqual([]);
  expect(read()[0]).toMatchObject({ event: nasty, msg: nasty });
});

test('times are UTC, levels are words, and a level is a floor', () => {
  const { log, read } = capture('warn');
  log.info({ event: 'quiet' });
  log.warn({ event: 'heard' });
  expect(read()).toEqual([{ level: 'warn', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), event: 'heard' }]);
});
