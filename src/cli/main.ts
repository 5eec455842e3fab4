// npm run portico -- <command>: what operators do by hand or in scripts, through the same flows as everything else.
import { text } from 'node:stream/consumers';
import { run } from './run.ts';

// The reader of a pipe may leave early (`| head`); that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// Without process.exit, so that a long answer reaches a slow pipe whole.
process.exitCode = await run(process.argv.slice(2), {
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  stdin: () => text(process.stdin),
});
