import { findCycle, readSources, rules, sourceOf } from './support/architecture.ts';

const sources = readSources();

test.each(rules.map((rule) => [rule.says, rule] as const))('%s', (_, rule) => {
  const faults = sources.flatMap((source) => rule.faults(source).map((fault) => `${source.path}: ${fault}`));
  expect(faults).toEqual([]);
});

test('no file needs itself at run time, not even through others', () => {
  expect(findCycle(sources)).toBeUndefined();
});

test('a planted cycle is found, and types may name each other', () => {
  const a = sourceOf('src/a.ts', "import { b } from './b.ts';");
  const b = sourceOf('src/b.ts', "export * from './web/c.ts';");
  const c = (text: string) => sourceOf('src/web/c.ts', text);
  expect(findCycle([a, b, c("import {\n  a,\n} from '../a.ts';")])).toEqual(['src/a.ts', 'src/b.ts', 'src/web/c.ts', 'src/a.ts']);
  expect(
    findCycle([a, b, c("export type C = 'x';\nimport type { A } from '../a.ts';\nexport type { B } from '../b.ts';")]),
  ).toBeUndefined();
});

const planted: [rule: string, path: string, text: string][] = [
  ['domain knows only errors and domain', 'src/domain/a.ts', "import type { Db } from '../storage/database.ts';"],
  ['domain is pure', 'src/domain/a.ts', "import type { Context } from 'koa';"],
  ['domain has no clock of its own', 'src/domain/a.ts', 'const now = Date.now();'],
  ['storage knows only domain, errors and storage', 'src/storage/a.ts', "import { loadConfig } from '../config.ts';"],
  ['storage never refuses', 'src/storage/a.ts', "throw new Refusal('not_found');"],
  ['storage never opens a transaction', 'src/storage/a.ts', 'return db.transaction(async (db) => db);'],
  ['flows know only domain, storage and what services are made of', 'src/flows/a.ts', "import { x } from '../oidc/x.ts';"],
  ['flows know neither HTTP nor the protocol library', 'src/flows/admin/a.ts', "import Koa from 'koa';"],
  ['no flow imports a flow', 'src/flows/admin/a.ts', "import { login } from '../login.ts';"],
  ['only oidc imports oidc-provider', 'src/web/a.ts', "const { errors } = await import('oidc-provider');"],
  ["nobody imports oidc-provider's internals", 'src/oidc/a.ts', "import x from 'oidc-provider/lib/x.js';"],
  ['oidc does not know web', 'src/oidc/a.ts', "import { x } from '../web/x.ts';"],
  ['only storage imports pg', 'src/web/a.ts', 'import pg from "pg";'],
  ['only storage and jobs import graphile-worker', 'src/web/a.ts', "export { run } from 'graphile-worker';"],
  ['SQL is written only in storage', 'src/flows/a.ts', "import {\n  type Db,\n  sql,\n} from '../storage/database.ts';"],
  ['SQL is written only in storage', 'src/web/a.ts', 'query(`select id from portico.accounts`);'],
  ['web/pages imports no other face', 'src/web/pages/a.ts', "import { x } from '../api/x.ts';"],
  ['web/api imports no other face', 'src/web/api/a.ts', "import { x } from '../pages/x.ts';"],
  ['web/compat imports no other face', 'src/web/compat/cleeng/a.ts', "import { x } from '../../api/x.ts';"],
  ['web/admin imports no other face', 'src/web/admin/a.ts', "import '../pages/x.ts';"],
  ['the environment is read only in config', 'src/main.ts', 'const port = process.env.PORT;'],
  ['the console belongs to main and the command line', 'src/app.ts', "console.log('here');"],
  ['no folder for odds and ends', 'src/web/helpers/a.ts', ''],
  ['no file over 250 lines', 'src/app.ts', 'a();\n'.repeat(251)],
  ['views print without escaping only to include a view', 'views/pages/a.ejs', '<%- name %>'],
];

test.each(planted)('a planted fault is found: %s (%s)', (says, path, text) => {
  const rule = rules.find((rule) => rule.says === says);
  expect(rule?.faults(sourceOf(path, text))).toHaveLength(1);
});

test('every rule has a planted fault', () => {
  expect(new Set(planted.map(([says]) => says))).toEqual(new Set(rules.map(({ says }) => says)));
});

test('what a comment says breaks no rule', () => {
  const source = sourceOf(
    'src/domain/a.ts',
    '// Date.now() would be wrong\n/* import x from "../web/x.ts" */\nexport const url = "https://a.example";',
  );
  expect(rules.flatMap((rule) => rule.faults(source))).toEqual([]);
});
