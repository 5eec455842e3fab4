// Older versions of Portico, taken out of the history: upgrades are tested against what was really released.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepFolder } from './kept-folder.ts';

export const releases = {
  /** The oldest schema that is still brought forward in one step. Changes when support for it ends. */
  oldest: '561b166',
  /** What runs beside this version while it is rolled out. With every release it becomes the release before. */
  previous: 'de495a0',
} as const;

export type Release = keyof typeof releases;

const project = join(import.meta.dirname, '../..');

/** Why nothing can be tested against it, where the history is missing: an unpacked archive, a shallow clone. */
export function missingRelease(release: Release): string | undefined {
  const { status } = spawnSync('git', ['cat-file', '-e', `${releases[release]}^{commit}`], { cwd: project, stdio: 'ignore' });
  return status === 0 ? undefined : `skipped: ${releases[release]}, the ${release} release, is not in this checkout's history`;
}

/** Its files in a folder of their own, with the packages of this version: dependencies only grew. */
export function unpackRelease(release: Release): { folder: string; remove: () => Promise<void> } {
  const { folder, remove } = keepFolder(mkdtempSync(join(tmpdir(), `portico-${release}-`)));
  const archive = execFileSync('git', ['archive', releases[release]], { cwd: project, maxBuffer: 256 * 1024 * 1024 });
  execFileSync('tar', ['x', '-C', folder], { input: archive });
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove };
}

/** `test`; where the history is missing it skips, and a line says why. */
export function testAgainst(release: Release): jest.It {
  const why = missingRelease(release);
  if (!why) return test;
  process.stderr.write(`${why}\n`);
  return test.skip;
}
