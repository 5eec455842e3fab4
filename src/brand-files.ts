// A brand as files: brand.json, theme.json, clients.json and a logo. What can be said of a brand in them, and what is wrong when it is not.
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { readConsentFile } from './consent-files.ts';
import { type BrandSettings, defaultSettings, reservedSegments } from './domain/brands.ts';
import { type ClientMetadata, clientMetadataSchema, clientTemplate } from './domain/clients.ts';
import { isPlainAddress } from './domain/email.ts';
import { type Theme, themeSchema } from './domain/themes.ts';
import { OperatorError } from './errors.ts';
import type { ApplyBrand } from './flows/admin/apply-brand.ts';
import { readProfileFile } from './profile-files.ts';

const limit = z.strictObject({ attempts: z.number().int().min(1), seconds: z.number().int().min(1) });

const settingsSchema = z.strictObject({
  locale: z.string().optional(),
  passwordMinimum: z.number().int().min(8).max(64).optional(),
  registration: z.boolean().optional(),
  deviceFlow: z.boolean().optional(),
  dynamicRegistration: z.boolean().optional(),
  emailVerification: z.strictObject({ pages: z.enum(['before', 'after', 'off']).optional() }).optional(),
  questionsAtOnce: z.number().int().min(1).max(20).optional(),
  deletionDays: z.number().int().min(1).max(30).optional(),
  auditDays: z.number().int().min(30).max(3_650).optional(),
  spentRefreshTokensKept: z.number().int().min(60).max(31_536_000).optional(),
  resources: z.record(z.url(), z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not a scope'))).optional(),
  limits: z
    .strictObject({
      loginPerIdentifier: limit.optional(),
      loginPerNetwork: limit.optional(),
      registerPerNetwork: limit.optional(),
      clientFailures: limit.optional(),
      userCodePerNetwork: limit.optional(),
      mailPerIdentifier: limit.optional(),
      mailPerIdentifierDaily: limit.optional(),
      mailPerNetwork: limit.optional(),
    })
    .optional(),
});

const mailbox = z
  .string()
  .refine((text) => text === '' || isPlainAddress(text), 'must be one plain email address, or "" for the installation\'s');

const mailSchema = z.strictObject({
  from: mailbox.optional(),
  replyTo: mailbox.optional(),
  /** "" for the installation's. `${NAME}` in it stands for a variable of the environment. */
  smtpUrl: z.string().max(2_000).optional(),
});

const brandSchema = z.strictObject({
  slug: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'may have a-z, 0-9 and - only'),
  name: z.string().trim().min(1).max(100),
  /** Absolute, or a path on PUBLIC_URL such as "/harbour". */
  issuer: z.string(),
  settings: settingsSchema.optional(),
  mail: mailSchema.optional(),
});

const clientsSchema = z.array(
  z
    .strictObject({
      kind: z.enum(['web', 'spa', 'native', 'service']).default('web'),
      metadata: z.record(z.string(), z.unknown()),
    })
    .transform(({ kind, metadata }, context) => {
      // What a redirect URI may be depends on the kind, so that the template is read along; only what is named is kept.
      const result = clientMetadataSchema.safeParse({ ...clientTemplate(kind), ...metadata });
      for (const { path, message } of result.error?.issues ?? [])
        context.addIssue({ code: 'custom', path: ['metadata', ...path], message });
      return { kind, metadata: metadata as ClientMetadata };
    }),
);

export interface ReadOptions {
  publicUrl: string;
  demoUrl?: string | undefined;
  /** A variable of the environment, for the address of the brand's mail server. */
  variable?: (name: string) => string | undefined;
}

/**
 * Reads a folder. `${PUBLIC_URL}` and `${DEMO_URL}` in the files stand for this installation's addresses.
 * @throws OperatorError naming file, member and what is wrong.
 */
export function readBrandFiles(folder: string, { publicUrl, demoUrl, variable = () => undefined }: ReadOptions): ApplyBrand {
  const path = resolve(folder);
  const variables = { PUBLIC_URL: publicUrl, ...(demoUrl ? { DEMO_URL: demoUrl } : {}) };
  const brand = readPart(path, 'brand.json', brandSchema, variables);
  if (!brand) throw new OperatorError(`${join(path, 'brand.json')} is missing. A brand needs at least slug, name and issuer.`);
  const theme = readPart(path, 'theme.json', themeSchema.partial(), variables);
  const clients = readPart(path, 'clients.json', clientsSchema, variables);
  const logo = readLogo(path);
  const locale = brand.settings?.locale ?? defaultSettings.locale;
  const consents = readDefinitions(path, 'consents.json', variables, (file, text) => readConsentFile(file, text, locale));
  const fields = readDefinitions(path, 'profile.json', variables, (file, text) => readProfileFile(file, text, locale));
  return {
    slug: brand.slug,
    name: brand.name,
    issuer: issuerOf(brand.issuer, publicUrl),
    ...settingsOf(brand),
    ...(brand.mail?.smtpUrl === undefined ? {} : { smtpUrl: smtpAddress(join(path, 'brand.json'), brand.mail.smtpUrl, variable) }),
    ...(theme ? { theme: theme as Partial<Theme> } : {}),
    ...(clients ? { clients } : {}),
    ...(logo ? { logo } : {}),
    ...(consents ? { consents } : {}),
    ...(fields ? { fields } : {}),
  };
}

/** A file that names the line of what is wrong. */
function readDefinitions<Part>(
  folder: string,
  name: string,
  variables: Record<string, string>,
  read: (file: string, text: string) => Part,
): Part | undefined {
  const file = join(folder, name);
  const text = readOptional(file)?.toString('utf8');
  return text === undefined ? undefined : read(file, fill(text, variables));
}

function fill(text: string, variables: Record<string, string>): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, variable: string) => variables[variable] ?? whole);
}

/** What mails say of themselves is a setting; the server's address holds a password and is kept apart. */
function settingsOf({ settings, mail }: z.infer<typeof brandSchema>): Pick<ApplyBrand, 'settings'> {
  const { smtpUrl: _kept, ...addresses } = mail ?? {};
  if (!settings && Object.keys(addresses).length === 0) return {};
  return { settings: { ...settings, ...(mail && { mail: addresses }) } as Partial<BrandSettings> };
}

/** Never quoted: it holds a password. */
function smtpAddress(file: string, given: string, variable: (name: string) => string | undefined): string | null {
  if (given === '') return null;
  const filled = given.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = variable(name);
    if (!value) throw new OperatorError(`${file}: mail.smtpUrl names the variable ${name}, which is not set in the environment.`);
    return value;
  });
  const url = URL.parse(filled);
  if (!url || !/^smtps?:$/.test(url.protocol) || !url.hostname)
    throw new OperatorError(`${file}: mail.smtpUrl must be an address such as smtps://user:password@smtp.example.com`);
  return filled;
}

/** Scheme, host and at most one path segment, without a trailing slash. */
export function issuerOf(value: string, publicUrl: string): string {
  const url = URL.parse(value, `${publicUrl}/`);
  const fault = !url
    ? 'is not an address'
    : url.protocol !== 'https:' && !(url.protocol === 'http:' && publicUrl.startsWith('http:'))
      ? 'must start with https://'
      : url.search || url.hash || url.username || url.password
        ? 'must have nothing but scheme, host and path'
        : pathFault(url.pathname);
  if (!url || fault) throw new OperatorError(`issuer "${value}" ${fault}.`);
  return url.href.replace(/\/+$/, '');
}

function pathFault(pathname: string): string | undefined {
  const segments = pathname.split('/').filter(Boolean);
  if (segments.length > 1) return 'may have one path segment at most';
  const [segment] = segments;
  if (segment && !/^[a-z0-9-]+$/.test(segment)) return 'may have a-z, 0-9 and - only in its path';
  return segment && reservedSegments.has(segment) ? `cannot use the path /${segment}, which belongs to the brand at the root` : undefined;
}

function readPart<Part>(folder: string, name: string, schema: z.ZodType<Part>, variables: Record<string, string>): Part | undefined {
  const file = join(folder, name);
  const text = readOptional(file)?.toString('utf8');
  if (text === undefined) return undefined;
  const given = parseJson(file, fill(text, variables));
  const result = schema.safeParse(given);
  if (result.success) return onlyNamed(result.data, given);
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || basename(file)}: ${issue.message}`);
  throw new OperatorError(`${file} cannot be used:\n${lines.join('\n')}`);
}

/** Defaults of a schema are not the operator's words: what the file does not name stays untouched. */
function onlyNamed<Part>(parsed: Part, given: unknown): Part {
  if (Array.isArray(parsed)) return parsed;
  const named = Object.entries(parsed as object).filter(([member]) => Object.hasOwn(given as object, member));
  return Object.fromEntries(named) as Part;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OperatorError(`${file} is not valid JSON: ${(error as Error).message}`);
  }
}

const LOGO_ENDINGS = ['png', 'webp', 'jpg', 'jpeg'] as const;
const LOGO_LIMIT = 256 * 1024;

function readLogo(folder: string): ApplyBrand['logo'] {
  const svg = join(folder, 'logo.svg');
  if (readOptional(svg))
    throw new OperatorError(`${svg} cannot be used: an SVG can carry script. Save it as logo.png, logo.webp or logo.jpg.`);
  for (const ending of LOGO_ENDINGS) {
    const file = join(folder, `logo.${ending}`);
    const bytes = readOptional(file);
    if (!bytes) continue;
    if (bytes.length > LOGO_LIMIT) throw new OperatorError(`${file} is larger than 256 KiB.`);
    const mediaType = imageType(bytes);
    if (!mediaType) throw new OperatorError(`${file} is neither a PNG, a JPEG nor a WebP image, whatever its name says.`);
    return { mediaType, bytes };
  }
  return undefined;
}

/** By what the file begins with: PNG (RFC 2083 3.1), JPEG (SOI and the next marker), WebP (RFC 9649 2.4). */
function imageType(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'image/png';
  if (bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'image/jpeg';
  const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  return isWebp ? 'image/webp' : undefined;
}

function readOptional(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
