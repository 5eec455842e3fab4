// What went wrong, in a sentence, with the exit code: 1 it could not be done, 2 it was typed wrongly.
import { join } from 'node:path';
import { OperatorError, Refusal } from '../errors.ts';
import { isDatabaseAway } from '../storage/database.ts';
import { UsageError } from './command.ts';
import { CALL } from './help.ts';

export interface Fault {
  /** A word for programs: a refusal's code, or the kind of fault. */
  code: string;
  sentence: string;
  exit: 1 | 2;
}

export async function describeFault(error: unknown): Promise<Fault> {
  if (error instanceof UsageError) return { code: 'usage', sentence: error.message, exit: 2 };
  if (error instanceof OperatorError) return { code: codeOf(error), sentence: error.message, exit: 1 };
  if (error instanceof Refusal) return { code: error.code, sentence: await sentenceOf(error), exit: 1 };
  if (isDatabaseAway(error)) return { code: 'database_away', sentence: databaseAway(error), exit: 1 };
  return { code: 'fault', sentence: (error as Error).stack ?? String(error), exit: 1 };
}

function codeOf({ cause }: OperatorError): string {
  if (cause instanceof Refusal) return cause.code;
  return isDatabaseAway(cause) ? 'database_away' : 'refused';
}

/** The words people read on the pages, loaded only when there is something to refuse. */
async function sentenceOf({ code, params }: Refusal): Promise<string> {
  const { createLocales } = await import('../web/middleware/locale.ts');
  const folder = join(import.meta.dirname, '../../config/locales');
  return createLocales({ folder, production: true }).translator('en')(`refusals.${code}`, params);
}

function databaseAway(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return `The database cannot be reached (${code ?? message}). Check DATABASE_URL and that PostgreSQL runs; ${CALL} doctor says more.`;
}
