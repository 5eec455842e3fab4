// The rules of docs/architecture.md, each a sentence and a check over one file, or over its imports.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export interface Source {
  /** From the repository's root: src/flows/login.ts */
  path: string;
  text: string;
  /** Files as paths from the root, packages as they are called. */
  imports: string[];
  /** Those of them that are still there when the types are gone. */
  runtimeImports: string[];
}

export interface Rule {
  says: string;
  /** What breaks the rule in this file; empty when nothing does. */
  faults(source: Source): string[];
}

export const rules: Rule[] = [
  imports(
    'domain knows only errors and domain',
    /^src\/domain\//,
    (to) => to.startsWith('src/') && !/^src\/(domain\/|errors\.ts$)/.test(to),
  ),
  imports('domain is pure', /^src\/domain\//, (to) =>
    /^(koa|@koa\/|pg$|oidc-provider|ejs|pino|nodemailer|graphile-worker|node:https?$)/.test(to),
  ),
  text('domain has no clock of its own', /^src\/domain\//, /\bDate\.now\(|\bnew Date\(\)/),
  imports(
    'storage knows only domain, errors and storage',
    /^src\/storage\//,
    (to) => to.startsWith('src/') && !/^src\/(domain\/|storage\/|errors\.ts$)/.test(to),
  ),
  text('storage never refuses', /^src\/storage\//, /\bRefusal\b/),
  text('storage never opens a transaction', /^src\/storage\/(?!database\.ts)/, /\.transaction\(/),
  imports(
    'flows know only domain, storage and what services are made of',
    /^src\/flows\//,
    (to) => to.startsWith('src/') && !/^src\/(domain\/|storage\/|[a-z-]+\.ts$)/.test(to),
  ),
  imports('flows know neither HTTP nor the protocol library', /^src\/flows\//, (to) => /^(koa|@koa\/|oidc-provider|node:https?$)/.test(to)),
  imports('no flow imports a flow', /^src\/flows\//, (to) => to.startsWith('src/flows/')),
  imports('only oidc imports oidc-provider', /^src\/(?!oidc\/)/, (to) => /^oidc-provider\b/.test(to)),
  imports("nobody imports oidc-provider's internals", /^src\//, (to) => /^oidc-provider\//.test(to)),
  imports('oidc does not know web', /^src\/oidc\//, (to) => /^src\/(web|app|main)/.test(to)),
  imports('only storage imports pg', /^src\/(?!storage\/)/, (to) => /^pg\b/.test(to)),
  imports('only storage and jobs import graphile-worker', /^src\/(?!storage\/|jobs\/)/, (to) => to === 'graphile-worker'),
  text(
    'SQL is written only in storage',
    /^src\/(?!storage\/)/,
    /\bimport \{[^}]*\bsql\b[^}]*\}|\b(from|into|update|join|table)\s+(portico|graphile_worker)\./,
  ),
  ...['pages', 'api', 'compat', 'admin'].map((face) =>
    imports(
      `web/${face} imports no other face`,
      new RegExp(`^src/web/${face}/`),
      (to) => /^src\/web\/(pages|api|compat|admin)\//.test(to) && !to.startsWith(`src/web/${face}/`),
    ),
  ),
  text('the environment is read only in config', /^src\/(?!config\.ts)/, /\bprocess\.env\b/),
  text('the console belongs to main and the command line', /^src\/(?!main\.ts|cli\/)/, /\bconsole\./),
  { says: 'no folder for odds and ends', faults: ({ path }) => path.match(/\/(utils?|helpers?|common|types|services|misc|lib)\//g) ?? [] },
  {
    says: 'no file over 250 lines',
    faults: ({ path, text }) => (path.startsWith('src/') && text.trimEnd().split('\n').length > 250 ? [path] : []),
  },
  text('views print without escaping only to include a view', /^views\//, /<%-(?!\s*include\()/),
];

/** Every TypeScript file of src and every view. */
export function readSources(): Source[] {
  const files = ['src', 'views'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  return files.filter((file) => /\.(ts|ejs)$/.test(file)).map((path) => sourceOf(path, readFileSync(path, 'utf8')));
}

export function sourceOf(path: string, text: string): Source {
  const code = path.endsWith('.ts') ? withoutComments(text) : text;
  // An alias (`export type A = 'b'`) has a `=`; what re-exports or imports types has none.
  const runtime = code.replace(/\b(?:import|export)\s+type\s[^'"=]*['"][^'"]+['"]/g, '');
  return { path, text: code, imports: importsOf(path, code), runtimeImports: importsOf(path, runtime) };
}

function importsOf(path: string, code: string): string[] {
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, specifier]) => specifier ?? '');
  return specifiers.map((to) => (to.startsWith('.') ? posix.join(posix.dirname(path), to) : to));
}

/** A way from a file back to itself over imports that exist at run time. Types may name each other. */
export function findCycle(sources: Source[]): string[] | undefined {
  const imports = new Map(sources.map(({ path, runtimeImports }) => [path, runtimeImports]));
  const done = new Set<string>();
  const walk = (path: string, way: string[]): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of imports.get(path) ?? []) {
      const cycle = walk(next, [...way, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of sources) {
    const cycle = walk(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Comments may speak of anything. Lines stay, so that they can be counted. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/.*$/gm, '$1');
}

function imports(says: string, where: RegExp, forbidden: (to: string) => boolean): Rule {
  return { says, faults: ({ path, imports }) => (where.test(path) ? imports.filter(forbidden) : []) };
}

function text(says: string, where: RegExp, forbidden: RegExp): Rule {
  const all = new RegExp(forbidden, 'g');
  return { says, faults: ({ path, text }) => (where.test(path) ? (text.match(all) ?? []) : []) };
}
