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

/** As in test/oidc/cost.test.ts: a transaction commits once, a writing statement outside of one by itself; jobs are not the request's. */
function count(client: object, text: string, inTransaction: WeakSet<object>): void {
  if (
    /graphile_worker|portico\.workers|^\s*(listen|set)\b/i.test(text) &&
    !/^\s*with w0|^\s*select "?graphile_worker"?\.add_job/.test(text)
  )
    return;
  const inside = inTransaction.has(client);
  if (/^\s*begin/i.test(text)) inTransaction.add(client);
  else if (/^\s*(commit|rollback)/i.test(text)) inTransaction.delete(client);
  else counted.statements += 1;
  if (/^\s*commit/i.test(text) || (!inside && /^\s*(insert|update|delete|with w0)/i.test(text))) counted.commits += 1;
}

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : String((query as { text?: string } | undefined)?.text ?? '');
}
