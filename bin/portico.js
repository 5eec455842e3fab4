#!/usr/bin/env node
// portico <command>: from the sources in a checkout, on the Node 24 that npm brought; from dist where there are none, as in an image.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/cli/main.ts');
const command = existsSync(sources) ? sources : join(root, 'dist/cli/main.js');
const brought = join(root, 'node_modules/.bin/node');
const node = existsSync(brought) ? brought : process.execPath;

const child = spawn(node, [command, ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal tells both of a Ctrl-C; the answer is the command's to give.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
