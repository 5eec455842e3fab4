// Which Portico this is, as package.json says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function version(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };
  return `portico ${version}`;
}
