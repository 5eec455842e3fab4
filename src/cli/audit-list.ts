// audit list: the trail as a table, or as JSON.
import { type AuditEvent, auditEvents as names } from '../domain/audit.ts';
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { OperatorError } from '../errors.ts';
import type { Services } from '../services.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as identifiers from '../storage/identifiers.ts';
import { type Input, type Options, type Output, textOption, UsageError } from './command.ts';
import { findBrand } from './find-brand.ts';
import { nearest } from './nearest.ts';
import { table } from './text.ts';

export async function listAudit({ options, services }: Input): Promise<Output> {
  const page = pageOf(options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const account = textOption(options, 'account');
  const found =
    account === undefined
      ? await auditEvents.list(doors.db, brand.id, page)
      : await auditEvents.listOf(doors.db, brand.id, await accountIdOf(doors, brand, account), page);
  const last = found.length === page.limit ? found.at(-1) : undefined;
  const next = last && `${last.at}/${last.id}`;
  const rows = found.map(({ at, event, actor, accountId, clientId, personal, details }) => [
    `${at.slice(0, 19).replace('T', ' ')} UTC`,
    event,
    actor,
    accountId ?? '',
    clientId ?? '',
    personal?.device ?? '',
    personal?.network ?? '',
    sayDetails(details),
  ]);
  const lines = [table(['when', 'event', 'actor', 'account', 'client', 'device', 'network', 'details'], rows)];
  if (next) lines.push('', `There may be more: add --after ${next}`);
  return { json: { events: found.map(describe), next: next ?? null }, text: rows.length > 0 ? lines.join('\n') : 'Nothing is noted.' };
}

/** @throws UsageError. */
function pageOf(options: Options): auditEvents.AuditPage & { limit: number } {
  const limit = Number(textOption(options, 'limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new UsageError('--limit is a number from 1 to 1000.');
  return { limit, event: eventOf(options), since: sinceOf(options), after: placeOf(options) };
}

function eventOf(options: Options): AuditEvent | undefined {
  const event = textOption(options, 'event');
  const known = names.find((name) => name === event);
  if (event === undefined || known) return known;
  const guess = nearest(event, names);
  throw new UsageError(`There is no event "${event}". ${guess ? `Did you mean ${guess}?` : `The events are: ${names.join(', ')}.`}`);
}

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/;

function sinceOf(options: Options): Date | undefined {
  const since = textOption(options, 'since');
  if (since === undefined) return undefined;
  const zoned = since.includes('T') && !/(Z|[+-]\d\d:\d\d)$/.test(since) ? `${since}Z` : since;
  const date = new Date(zoned);
  if (!DATE.test(since) || Number.isNaN(date.getTime()))
    throw new UsageError('--since is a day or a moment, such as 2026-11-01 or 2026-11-01T08:30Z.');
  return date;
}

const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/;

function placeOf(options: Options): auditEvents.AuditPage['after'] {
  const after = textOption(options, 'after');
  if (after === undefined) return undefined;
  const [, at, id] = PLACE.exec(after) ?? [];
  if (!at || !id) throw new UsageError('--after is what the page before printed as the place to go on from.');
  return { at, id };
}

const SUB = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** A sub is taken as it is: an erased account has no other name. */
async function accountIdOf({ db, keyring }: Services, brand: Brand, named: string): Promise<string> {
  if (SUB.test(named)) return named.toLowerCase();
  if (!named.includes('@')) throw new UsageError(`"${named}" is neither an e-mail address nor a sub.`);
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(named).canonical);
  const found = await identifiers.find(db, brand.id, digest);
  if (!found) throw new OperatorError(`${brand.slug} has no account with the address ${named}.`);
  return found;
}

function sayDetails(details: auditEvents.ShownAuditEvent['details']): string {
  return Object.entries(details)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function describe({ id, at, event, actor, accountId, clientId, details, personal, batch }: auditEvents.ShownAuditEvent) {
  return { id, at, event, actor, sub: accountId, client_id: clientId, ...seenOf(personal), details, sealed: batch !== null };
}

function seenOf(personal: auditEvents.ShownAuditEvent['personal']) {
  return { device: personal?.device ?? null, network: personal?.network ?? null };
}
