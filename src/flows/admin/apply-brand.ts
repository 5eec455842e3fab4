// An operator describes a brand in files; the tables become so. Applying the same files again changes nothing,
// and what the files do not name stays as it is.
import { randomInt } from 'node:crypto';
import { type DefinedDocument, publishConsents } from '../../consent-publishing.ts';
import { changedMembers } from '../../domain/audit.ts';
import { type Brand, type BrandSettings, defaultSettings, type LimitSettings, type MailSettings } from '../../domain/brands.ts';
import { mergeClient, sameClient, storedSecret } from '../../domain/client-registration.ts';
import { type Client, type ClientKind, type ClientMetadata, clientTemplate, needsSecret, newClientSecret } from '../../domain/clients.ts';
import { newIdentifierKey } from '../../domain/identifiers.ts';
import { openSmtp, sealSmtp } from '../../domain/mails.ts';
import type { ProfileField } from '../../domain/profile-fields.ts';
import { newSigningKey, type SigningAlgorithm, signingAlgorithms, signingKeyPlace } from '../../domain/signing-keys.ts';
import { SLICES } from '../../domain/slices.ts';
import type { Theme } from '../../domain/themes.ts';
import { OperatorError } from '../../errors.ts';
import { defineFields } from '../../field-definitions.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brandAssets from '../../storage/brand-assets.ts';
import * as brands from '../../storage/brands.ts';
import * as clients from '../../storage/clients.ts';
import * as consentDocuments from '../../storage/consent-documents.ts';
import { type Db, isUniqueViolation } from '../../storage/database.ts';
import * as signingKeys from '../../storage/signing-keys.ts';
import { traced } from '../../traced.ts';

export interface ApplyBrand {
  slug: string;
  issuer: string;
  name: string;
  settings?: Partial<BrandSettings>;
  theme?: Partial<Theme>;
  logo?: { mediaType: string; bytes: Buffer };
  /** The brand's own mail server, `smtp(s)://user:password@host:port`; null: the installation's. */
  smtpUrl?: string | null;
  /** Documents people are asked to agree to; versions that are published stay as they are. */
  consents?: readonly DefinedDocument[];
  /** The brand's questions, in its order. */
  fields?: readonly ProfileField[];
  clients?: { kind: ClientKind; metadata: ClientMetadata; secret?: string }[];
  /** Which keys a new brand gets; both by default. */
  algorithms?: readonly SigningAlgorithm[];
}

export interface AppliedBrand {
  brand: Brand;
  created: boolean;
  changed: boolean;
  /** Secrets made for new confidential clients, shown once. */
  secrets: Record<string, string>;
}

/**
 * Two applies of one brand follow each other, so that a secret is made once and shown by the one that made it.
 * @throws OperatorError when the issuer belongs to another brand, a client's members do not fit together, or a published version of a
 * document would be changed.
 */
export const applyBrand = traced(async function applyBrand(
  services: Pick<Services, 'db' | 'keyring'>,
  input: ApplyBrand,
): Promise<AppliedBrand> {
  const known = await brands.findBySlug(services.db, input.slug);
  // Keys are made before the transaction: RSA takes a moment, and no transaction waits for slow work.
  const keys = known ? [] : await newKeys(input.algorithms ?? signingAlgorithms);
  return services.db
    .transaction(async (db) => {
      // The documents before the brand, as for the installation: of the two one waits, never both.
      if (input.consents) await consentDocuments.lock(db);
      const made = known ? undefined : await create(db, services, input, keys);
      const brand = made ?? (await locked(db, input));
      const updated = made ? false : await brands.update(db, brand.id, { ...merged(brand, input), ...smtpChange(services, brand, input) });
      const redrawn = input.logo ? await brandAssets.save(db, brand.id, { name: 'logo', ...input.logo }) : false;
      const { secrets, applied } = await applyClients(db, brand, input.clients ?? []);
      const defined = await applyDefinitions(db, brand, input);
      const changed = applied.length > 0 || defined.length > 0 || redrawn;
      if (!updated && (made ? defined.length > 0 : changed)) await brands.raiseVersion(db, brand.id);
      const now = (await brands.findBySlug(db, input.slug)) as Brand;
      if (made || updated || changed) await note(db, made ? undefined : brand, now, { logo: redrawn, applied, defined });
      return { brand: now, created: made !== undefined, changed: updated || changed, secrets };
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? issuerTaken(input) : error;
    });
});

/** One row for all of it: which members and which clients, without what they hold. */
async function note(
  db: Db,
  before: Brand | undefined,
  now: Brand,
  { logo, applied, defined }: { logo: boolean; applied: string[]; defined: string[] },
): Promise<void> {
  const changed = [...(before ? changedMembers(membersOf(before), membersOf(now)) : []), ...(logo ? ['logo'] : [])];
  const details = {
    created: before === undefined,
    changed: changed.join(' '),
    clients: applied.join(' '),
    ...(defined.length > 0 && { defined: defined.join(', ') }),
  };
  await auditEvents.record(db, now.id, { event: 'brand_applied', actor: 'operator', details });
}

function membersOf({ issuer, name, settings, theme, smtp }: Brand): Record<string, unknown> {
  const prefixed = (prefix: string, members: object) => Object.entries(members).map(([name, value]) => [`${prefix}.${name}`, value]);
  const parts = [...prefixed('settings', settings), ...prefixed('theme', theme)];
  return { issuer, name, smtp: smtp?.toString('hex'), ...Object.fromEntries(parts) };
}

/** The brand as it is once nobody else changes it. */
async function locked(db: Db, input: ApplyBrand): Promise<Brand> {
  const found = await brands.findBySlug(db, input.slug);
  if (!found) throw issuerTaken(input);
  await signingKeys.lockBrand(db, found.id);
  return (await brands.findBySlug(db, input.slug)) ?? found;
}

function issuerTaken({ issuer, slug }: ApplyBrand): OperatorError {
  return new OperatorError(`The address ${issuer} already belongs to another brand. Choose another issuer for "${slug}".`);
}

/** Groups of members are merged one by one: naming one link or limit leaves the others. */
function merged(brand: Brand, { issuer, name, settings, theme }: ApplyBrand): Parameters<typeof brands.update>[2] {
  const links = theme?.links && { ...brand.theme.links, ...theme.links };
  return {
    issuer,
    name,
    ...(settings && { settings: mergedSettings(brand.settings, settings) }),
    ...(theme && { theme: { ...theme, ...(links && { links }) } }),
  };
}

function mergedSettings(known: BrandSettings, given: Partial<BrandSettings>): Partial<BrandSettings> {
  const limits = given.limits && differing({ ...known.limits, ...given.limits });
  const emailVerification = given.emailVerification && { ...known.emailVerification, ...given.emailVerification };
  const mail = given.mail && named({ ...known.mail, ...given.mail });
  return { ...given, ...(limits && { limits }), ...(emailVerification && { emailVerification }), ...(mail && { mail }) };
}

/** An empty address stands for the installation's. */
function named(mail: MailSettings): MailSettings {
  return Object.fromEntries(Object.entries(mail).filter(([, address]) => address)) as MailSettings;
}

/** Sealing the same address again gives other bytes: what is stored is opened and compared. */
function smtpChange({ keyring }: Pick<Services, 'keyring'>, brand: Brand, { smtpUrl }: ApplyBrand): { smtp?: Buffer | null } {
  if (smtpUrl === undefined || smtpUrl === (openSmtp(keyring, brand) ?? null)) return {};
  return { smtp: sealedSmtp(keyring, brand.slug, smtpUrl) };
}

function sealedSmtp(keyring: Services['keyring'], slug: string, url: string | null | undefined): Buffer | null {
  return url ? sealSmtp(keyring, slug, url) : null;
}

/** Limits that equal the defaults are not stored, so that a better default reaches the brand. */
function differing(limits: LimitSettings): LimitSettings {
  const ours = Object.entries(limits).filter(([name, { attempts, seconds }]) => {
    const usual = defaultSettings.limits[name as keyof LimitSettings];
    return attempts !== usual.attempts || seconds !== usual.seconds;
  });
  return Object.fromEntries(ours) as unknown as LimitSettings;
}

function newKeys(algorithms: readonly SigningAlgorithm[]) {
  const states = ['current', 'next'] as const;
  return Promise.all(algorithms.flatMap((alg) => states.map(async (state) => ({ state, ...(await newSigningKey(alg)) }))));
}

async function create(db: Db, { keyring }: Pick<Services, 'keyring'>, input: ApplyBrand, keys: Awaited<ReturnType<typeof newKeys>>) {
  const brand = await brands.insert(db, {
    slug: input.slug,
    issuer: input.issuer,
    name: input.name,
    homeSlice: randomInt(SLICES),
    settings: mergedSettings(defaultSettings, input.settings ?? {}),
    theme: input.theme ?? {},
    identifierKey: newIdentifierKey(keyring, input.slug),
    smtp: sealedSmtp(keyring, input.slug, input.smtpUrl),
  });
  if (!brand) return undefined;
  for (const { privateJwk, ...key } of keys) {
    const sealed = keyring.seal('signing_keys', signingKeyPlace(brand.id, key.kid), JSON.stringify(privateJwk));
    await signingKeys.insert(db, brand.id, { ...key, privateJwk: sealed });
  }
  return brand;
}

/** @returns what is new of documents ("terms 2") and questions ("field loyalty_card"). */
async function applyDefinitions(db: Db, brand: Brand, { consents, fields = [] }: ApplyBrand): Promise<string[]> {
  const news: string[] = [];
  if (consents) news.push(...(await publishConsents(db, brand.id, consents)));
  news.push(...(await defineFields(db, brand.id, fields)));
  return news;
}

async function applyClients(db: Db, brand: Brand, wanted: NonNullable<ApplyBrand['clients']>) {
  const secrets: Record<string, string> = {};
  const applied: string[] = [];
  for (const client of wanted) {
    const { changed, secret } = await applyClient(db, brand, client);
    if (secret) secrets[client.metadata.client_id] = secret;
    if (changed) applied.push(client.metadata.client_id);
  }
  return { secrets, applied };
}

/** @returns the secret when one was made here. */
async function applyClient(
  db: Db,
  brand: Brand,
  { kind, metadata, secret: given }: NonNullable<ApplyBrand['clients']>[number],
): Promise<{ changed: boolean; secret?: string }> {
  const before = await clients.find(db, brand.id, metadata.client_id);
  const next = mergeClient(before?.metadata ?? clientTemplate(kind), metadata);
  const made = needsSecret(next) && !given && !before?.secrets.length ? newClientSecret() : undefined;
  const secret = made ?? (needsSecret(next) ? given : undefined);
  const fresh = secret ? storedSecret(secret, new Date()) : undefined;
  const stored = fresh && !knows(before, fresh.digest) ? [fresh] : undefined;
  if (before && !stored && sameClient(before.metadata, next)) return { changed: false };
  await clients.save(db, brand.id, next, stored);
  return { changed: true, ...(made && { secret: made }) };
}

/** A secret in its grace is on its way out. */
function knows(client: Client | undefined, digest: string): boolean {
  return client?.secrets.some((secret) => secret.digest === digest && secret.expires_at === null) ?? false;
}
