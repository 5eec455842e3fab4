// `npx portico` in a checkout, and the same file beside a built dist.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

async function portico(...args: string[]) {
  const child = spawn(fileURLToPath(new URL('../../bin/portico.js', import.meta.url)), args, {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
  });
  const code = new Promise((resolve) => child.on('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, err, code: await code };
}

test('the executable gives the command its words, and gives back its answer and its exit code', async () => {
  expect(await portico('help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('client rotate-secret') });
  expect(await portico('clint', 'list')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Did you mean: client list?') });
});
