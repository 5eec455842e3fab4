// A process that uses the embedded database, like `npm start`: prints its address, gives it back on SIGTERM, can be killed.
import { startEmbeddedPostgres } from '../../src/storage/embedded.ts';

const lines: string[] = [];
const started = performance.now();
const { url, stop } = await startEmbeddedPostgres({ dataFolder: process.argv[2] ?? '', log: (line) => lines.push(line) });
process.stdout.write(`${JSON.stringify({ url, milliseconds: performance.now() - started, lines })}\n`);
const alive = setInterval(() => {}, 60_000);
process.once('SIGTERM', async () => {
  await stop();
  clearInterval(alive);
});
