// Every command by its name, in the order the help lists them.
import { accountCommands } from './account.ts';
import { accountDataCommands } from './account-data.ts';
import { auditCommands } from './audit.ts';
import { brandCommands } from './brand.ts';
import { clientCommands } from './client.ts';
import type { Command } from './command.ts';
import { consentCommands } from './consents.ts';
import { doctorCommands } from './doctor.ts';
import { keysCommands } from './keys.ts';
import { migrateCommands } from './migrate.ts';

export const commands: Readonly<Record<string, Command>> = {
  ...brandCommands,
  ...clientCommands,
  ...keysCommands,
  ...accountCommands,
  ...accountDataCommands,
  ...consentCommands,
  ...auditCommands,
  ...migrateCommands,
  ...doctorCommands,
};
