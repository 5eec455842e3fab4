// Starts a hostile client (attacker.ts), which ends with the test whatever ends that.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Met, Target } from './target.ts';

/** Resolves when the attack is under way. `stop` ends it; `kill` does without a word, also when it has ended. @throws when it does not begin. */
export async function startAttack(name: string, target: Target): Promise<{ stop: () => Promise<Met>; kill: () => void }> {
  const file = join(import.meta.dirname, 'attacker.ts');
  const child = spawn(process.execPath, [file, name, JSON.stringify(target)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const [said] = await Promise.race([once(child, 'message'), ended]);
  if (said !== 'under way') throw new Error(`the attack "${name}" did not begin`);
  return {
    stop: async () => {
      const met = once(child, 'message');
      child.send('stop');
      const [[tally]] = await Promise.all([met, ended]);
      return tally as Met;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
