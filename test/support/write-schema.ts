// `npm run schema`: writes db/schema.sql from a database that was just migrated.
import { writeFileSync } from 'node:fs';
import { createTestDatabase } from './database.ts';
import setUp from './global-setup.ts';
import tearDown from './global-teardown.ts';
import { describeSchema } from './schema.ts';

await setUp();
try {
  const { url, close } = await createTestDatabase();
  writeFileSync(new URL('../../db/schema.sql', import.meta.url), await describeSchema(url));
  await close();
} finally {
  await tearDown();
}
