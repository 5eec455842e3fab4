// consents.json: the documents people are asked to agree to, of a brand or of the installation. What may be said in it, and what may not.
import { z } from 'zod';
import { type ConsentDocument, type ConsentVersion, contradictionWith } from './domain/consents.ts';
import { isCountry } from './domain/countries.ts';
import { unsafeLinks } from './domain/texts.ts';
import { isSafeLink } from './domain/themes.ts';
import { type FileFault, fileError, issuesOf, readJsonSource } from './json-source.ts';

/** A language tag as catalogues and browsers write it. */
export const languageTag = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'is not a language tag such as en or de-CH');

/** Plain words: what could be markup is shown as it is, and control characters have no place in a sentence. */
export function sentence(longest: number) {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(longest, `must have at most ${longest} characters`)
    .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must be one line of text without control characters');
}

const statement = sentence(1_000).refine((text) => unsafeLinks(text).length === 0, 'has a link that is no https address');

const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/, 'must be a day or a moment in UTC, such as 2026-12-01 or 2026-12-01T08:00Z')
  .refine(
    (text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text.slice(0, 10)),
    'is no day of the calendar',
  )
  .transform((text) => `${new Date(text).toISOString().slice(0, 19)}Z`);

const versionSchema = z.strictObject({
  version: z.number().int().min(1).max(100_000),
  kind: z.enum(['required', 'optional']),
  effective: day,
  text: z.record(languageTag, statement),
  url: z.string().max(2_048).refine(isSafeLink, 'must be an https address (http only on localhost)').optional(),
  clients: z.array(z.string().min(1).max(100)).min(1, 'names nobody; leave it out for everybody').max(100).optional(),
  countries: z
    .array(z.string().refine(isCountry, 'is no country code such as DE'))
    .min(1, 'names no country; leave it out for all')
    .max(300)
    .optional(),
  cutoff: z.number().int().min(1).optional(),
  graceDays: z.number().int().min(0).max(365).optional(),
  doubleOptIn: z.boolean().optional(),
});

const documentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}$/, 'may have a-z, 0-9 and _ only, and begins with a letter')
    .refine((name) => !(name in {}), 'is a name that means something else'),
  enabled: z.boolean().optional(),
  versions: z.array(versionSchema).min(1, 'needs a version').max(1_000),
});

const fileSchema = z.array(documentSchema).max(50);

type FileVersion = z.infer<typeof versionSchema>;

/** `locale`: the language every text must have. @throws OperatorError naming file, line, member and what is wrong. */
export function readConsentFile(file: string, text: string, locale: string): Omit<ConsentDocument, 'owner'>[] {
  const source = readJsonSource(file, text);
  const result = fileSchema.safeParse(source.value);
  const faults = result.success ? contradictions(result.data, locale) : issuesOf(result.error);
  if (!result.success || faults.length > 0) throw fileError(file, source, faults);
  return result.data.map(({ name, enabled = true, versions }) => ({
    name,
    enabled,
    versions: versions.map(toVersion).sort((one, other) => one.version - other.version),
  }));
}

function toVersion(given: FileVersion): ConsentVersion {
  return {
    version: given.version,
    kind: given.kind,
    effectiveAt: given.effective,
    texts: given.text,
    url: given.url ?? null,
    clients: given.clients ?? null,
    countries: given.countries ?? null,
    cutoff: given.cutoff ?? given.version,
    graceDays: given.graceDays ?? 0,
    doubleOptIn: given.doubleOptIn ?? false,
  };
}

/** Each member may be right and the whole still make no sense. */
function contradictions(documents: z.infer<typeof fileSchema>, locale: string): FileFault[] {
  return documents.flatMap(({ name, versions }, index) => [
    ...(documents.findIndex((other) => other.name === name) < index
      ? [{ path: [index, 'name'], message: `${name} stands there twice` }]
      : []),
    ...versions.flatMap((version, at) =>
      versionFaults(versions, version, at, locale).map((fault) => ({ ...fault, path: [index, 'versions', at, ...fault.path] })),
    ),
  ]);
}

function versionFaults(versions: readonly FileVersion[], given: FileVersion, at: number, locale: string): FileFault[] {
  const { version, kind, effective, text, cutoff = version, graceDays = 0, doubleOptIn = false } = given;
  const faults: FileFault[] = [];
  const add = (member: string, message: string) => faults.push({ path: [member], message });
  if (versions.findIndex((other) => other.version === version) < at) add('version', `version ${version} stands there twice`);
  if (cutoff > version) add('cutoff', `the oldest version that counts cannot be newer than version ${version} itself`);
  const before = versions.filter((other) => other.version < version).sort((one, other) => other.version - one.version)[0];
  const wrong = before && contradictionWith(toVersion(before), toVersion(given));
  if (wrong) add(wrong.member, wrong.message);
  const later = versions.find((other) => other.version < version && other.effective > effective);
  if (later) add('effective', `is before that of version ${later.version}: a newer version takes effect later`);
  if (!(locale in text) && !((locale.split('-')[0] as string) in text))
    add('text', `has no "${locale}", the language people get when nothing else fits`);
  if (doubleOptIn && kind === 'required')
    add('doubleOptIn', 'is for mailings, which are optional: nobody could get on before their mail came');
  if (graceDays > 0 && kind === 'optional') add('graceDays', 'is for required documents: an optional one stops nobody');
  return faults;
}
