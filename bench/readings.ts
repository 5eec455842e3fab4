// Loaded into each server with --import: answers, when asked over the channel, what the process has cost so far.
// Statements are counted at the driver, so that nothing the product does can hide from the count.
import { createRequire } from 'node:module';

export interface Readings {
  /** CPU of the whole process, its helper threads included, in microseconds. */
  cpu: number;
  /** CPU of the JavaScript thread alone: hashing is not in it. */
  thread: number;
  statements: number;
  commits: number;
  /** Resident memory in bytes. */
  memory: number;
}

const counted = { statements: 0, commits: 0 };

process.on('message', (question) => {
  if (question !== 'readings') return;
  const all = process.cpuUsage();
  const thread = process.threadCpuUsage();
  const answer: Readings = {
    cpu: all.user + all.system,
    thread: thread.user + thread.system,
    memory: process.memoryUsage.rss(),
    ...counted,
  };
  process.send?.(answer);
});
// The channel is the lifeline: without the bench nobody needs this server.
process.on('disconnect', () => process.exit(0));
process.channel?.unref();
if (process.env['BENCH_COUNT'] === 'on') countStatements();

function countStatements(): void {
  const { Client } = createRequire(import.meta.url)('pg') as { Client: { prototype: { query(...input: unknown[]): unknown } } };
  const { query } = Client.prototype;
  const inTransaction = new WeakSet<object>();
  Client.prototype.query = function counting(this: object, ...input: unknown[]) {
    count(this, textOf(input[0]), inTransaction);
    return query.apply(this, input);
  };
}

type Kind = 'begin' | 'end' | 'commit' | 'write' | 'read' | 'other';
const kinds = new Map<string, Kind>();

/** As in test/oidc/cost.test.ts: a transaction commits once, a writing statement outside of one by itself; the job runner's are not the request's. */
function kindOf(text: string): Kind {
  if (/^\s*begin/i.test(text)) return 'begin';
  if (/^\s*commit/i.test(text)) return 'commit';
  if (/^\s*rollback/i.test(text)) return 'end';
  if (/^\s*(insert|update|delete) .*(graphile_worker|portico\.workers)|^\s*(listen|set)\b/is.test(text)) return 'other';
  return /^\s*(insert|update|delete|with w0)/i.test(text) ? 'write' : 'read';
}

function count(client: object, text: string, inTransaction: WeakSet<object>): void {
  let kind = kinds.get(text);
  if (!kind) {
    kind = kindOf(text);
    kinds.set(text, kind);
  }
  if (kind === 'read' || kind === 'write') counted.statements += 1;
  if (kind === 'commit' || (kind === 'write' && !inTransaction.has(client))) counted.commits += 1;
  if (kind === 'begin') inTransaction.add(client);
  else if (kind === 'commit' || kind === 'end') inTransaction.delete(client);
}

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : String((query as { text?: string } | undefined)?.text ?? '');
}
