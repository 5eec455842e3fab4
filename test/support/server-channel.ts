// Loaded into a server with --import: it ends when its test does, and says what it holds in memory when it is asked.

export interface Memory {
  /** Of JavaScript, after a collection of garbage where the server was started with --expose-gc; in bytes. */
  heap: number;
  /** Beside it: buffers; in bytes. */
  external: number;
  /** Of the whole process, in bytes. */
  resident: number;
}

process.on('message', (question) => {
  if (question !== 'memory') return;
  // Gives empty pages back as well; twice, since what the first one finalises is free only for the second.
  for (let round = 0; round < 2; round += 1) global.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage();
  process.send?.({ heap, external, resident } satisfies Memory);
});
// The channel is the lifeline: without the test nobody needs this server.
process.on('disconnect', () => process.exit(0));
process.channel?.unref();
