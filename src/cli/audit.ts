// audit list, audit verify
import { listAudit } from './audit-list.ts';
import { verifyTrail } from './audit-verify.ts';
import type { Command } from './command.ts';
import { brandOption } from './find-brand.ts';

export const auditCommands: Readonly<Record<string, Command>> = {
  'audit list': {
    says: 'Show who did what, newest first',
    options: {
      brand: brandOption,
      account: { type: 'string', value: 'email or sub', says: 'Only what happened to this account' },
      event: { type: 'string', value: 'event', says: 'Only this event, such as login_failed' },
      since: { type: 'string', value: 'date', says: 'Only from this day or moment on (UTC unless it says otherwise)' },
      limit: { type: 'string', value: 'number', says: 'At most so many, up to 1000; 50 when absent' },
      after: { type: 'string', value: 'place', says: 'Go on where the page before ended; it prints the place' },
    },
    example: 'audit list --brand demo --account anna@example.com --since 2026-11-01',
    run: listAudit,
  },
  'audit verify': {
    says: 'Check that the audit trail is what was written; exit code 1 when it is not',
    options: {
      brand: brandOption,
      heads: {
        type: 'string',
        value: 'file',
        says: 'An earlier answer with --json, kept elsewhere: shows whether everything was made anew',
      },
    },
    example: 'audit verify --brand demo --json > audit-heads.json',
    run: verifyTrail,
  },
};
