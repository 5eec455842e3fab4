// Which Portico this is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As package.json has it: '0.1.0'. */
export function productVersion(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string };
  return version;
}
