// Flows seen from outside: a span each, whose words are ours alone.

import { readdirSync, readFileSync } from 'node:fs';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { login } from '../src/flows/login.ts';
import { register } from '../src/flows/register.ts';
import { createTestBrand, type TestBrand } from './flows/test-brand.ts';

const exporter = new InMemorySpanExporter();
let at: TestBrand;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  at = await createTestBrand();
  await register(at, at.brand, { email: 'ada@nightfall.example', password, byOperator: true });
});
beforeEach(() => exporter.reset());
afterAll(async () => {
  await at.close();
  trace.disable();
  context.disable();
});

const password = 'tremolo cassette 47';
const source = { ip: '10.0.0.1', locale: 'en' };
const spans = () => exporter.getFinishedSpans();

test('a flow is a span below the one that was there, with the brand and how it ended', async () => {
  await trace.getTracer('test').startActiveSpan('POST /interaction/:uid', async (request) => {
    await login(at, at.brand, { email: 'ada@nightfall.example', password, source });
    request.end();
  });
  const [flow, request] = spans();
  expect(flow).toMatchObject({ name: 'flow login', attributes: { 'portico.brand': 'demo', 'portico.outcome': 'ok' } });
  expect(flow?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
});

test('a refusal is an outcome, a fault an error; neither says what was typed', async () => {
  const typed = { email: 'ada@nightfall.example', password: 'not the password 8', source };
  await expect(login(at, at.brand, typed)).rejects.toMatchObject({ code: 'wrong_credentials' });
  const away = { ...at, db: { ...at.db, row: () => Promise.reject(Object.assign(new Error(typed.password), { code: '57P01' })) } };
  await expect(login(away as typeof at, at.brand, typed)).rejects.toThrow();
  const broken = { ...at, db: { ...at.db, row: () => Promise.reject(new TypeError(typed.password)) } };
  await expect(login(broken as typeof at, at.brand, typed)).rejects.toThrow();
  const hangUp = AbortSignal.abort();
  await expect(login(at, at.brand, { ...typed, signal: hangUp })).rejects.toThrow();
  expect(spans().map(({ attributes, status }) => [attributes['portico.outcome'], attributes['error.type'], status.code])).toEqual([
    ['wrong_credentials', undefined, 0],
    ['unavailable', undefined, 0],
    ['fault', 'TypeError', 2],
    ['hung_up', undefined, 0],
  ]);
  const said = JSON.stringify(spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })));
  for (const word of [typed.password, 'ada', '10.0.0.1']) expect(said).not.toContain(word);
});

test('no flow goes unseen', () => {
  const files = (readdirSync('src/flows', { recursive: true, encoding: 'utf8' }) as string[]).filter((file) => file.endsWith('.ts'));
  const unseen = files.filter((file) => /^export (async function|const \w+ = async)/m.test(readFileSync(`src/flows/${file}`, 'utf8')));
  expect(unseen).toEqual([]);
  expect(files.length).toBeGreaterThan(30);
});
