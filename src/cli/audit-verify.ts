// audit verify: what the flow found, in sentences.
import { z } from 'zod';
import type { AuditFault } from '../domain/audit-chain.ts';
import type { Brand } from '../domain/brands.ts';
import { OperatorError } from '../errors.ts';
import { type AuditHead, type AuditReport, verifyAudit } from '../flows/admin/verify-audit.ts';
import { readJson } from './client-options.ts';
import { type Input, type Output, textOption } from './command.ts';
import { findBrand } from './find-brand.ts';
import { counted } from './text.ts';

export async function verifyTrail({ options, services }: Input): Promise<Output> {
  const file = textOption(options, 'heads');
  const heads = file === undefined ? [] : readHeads(file);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const report = await verifyAudit(doors, brand, heads);
  const valid = report.faults.length === 0;
  return { json: { brand: brand.slug, valid, ...report }, text: sayReport(brand, report, heads), code: valid ? 0 : 1 };
}

const headsFile = z.object({ heads: z.array(z.object({ range: z.number(), batch: z.number(), digest: z.string() })) });

function readHeads(file: string): AuditHead[] {
  const read = headsFile.safeParse(readJson(file));
  if (!read.success) throw new OperatorError(`${file} holds no heads. Make one with: audit verify --json`);
  return read.data.heads;
}

function sayReport(brand: Brand, { events, batches, pruned, unsealed, faults }: AuditReport, heads: readonly AuditHead[]): string {
  const lines = faults.map(sayFault);
  const read = `${counted(events, 'sealed event')} in ${counted(batches, 'batch', 'batches')}`;
  const more = [
    pruned > 0 ? `${counted(pruned, 'batch', 'batches')} past the retention` : '',
    unsealed > 0 ? `${counted(unsealed, 'event')} not sealed yet` : '',
    heads.length > 0 ? `compared with ${counted(heads.length, 'earlier head')}` : '',
  ].filter(Boolean);
  const verdict = faults.length === 0 ? `The audit trail of ${brand.slug} is whole` : `The audit trail of ${brand.slug} is broken`;
  return [...lines, `${verdict}: ${[read, ...more].join(', ')}.`].join('\n');
}

const sayings: Readonly<Record<AuditFault['fault'], (fault: AuditFault) => string>> = {
  event_changed: ({ id }) => `event ${id} was changed, added or moved`,
  personal_changed: ({ id }) => `device or network of event ${id} were changed`,
  events_missing: ({ count = 1 }) => `${counted(count, 'event')} missing`,
  events_added: ({ count = 1 }) => `${counted(count, 'event')} too many`,
  batch_changed: () => 'its events are not those that were sealed',
  batch_missing: ({ count = 1 }) => (count === 1 ? 'missing' : `this and the ${count - 1} after it are missing`),
  chain_broken: () => 'does not follow the batch before it',
  pruned_early: () => 'called pruned, though an older one is not',
  head_changed: () => 'not what it was when the heads were kept',
};

function sayFault(fault: AuditFault): string {
  return `range ${fault.range}, batch ${fault.batch}: ${sayings[fault.fault](fault)}`;
}
