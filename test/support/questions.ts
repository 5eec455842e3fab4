// Documents and questions of a test's brand, with defaults for what a test says nothing of.
import type { DefinedDocument } from '../../src/consent-publishing.ts';
import type { ConsentVersion } from '../../src/domain/consents.ts';
import { fieldDefaults, type ProfileField } from '../../src/domain/profile-fields.ts';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import type { RunningPortico } from './portico.ts';

export function consentVersion(version: number, more: Partial<ConsentVersion> = {}): ConsentVersion {
  return {
    ...{ version, kind: 'required', effectiveAt: '2020-01-01T00:00:00Z', url: null, clients: null, countries: null },
    ...{
      texts: { en: `I agree to version ${version} of [this](https://nightfall.example/terms).` },
      cutoff: version,
      graceDays: 0,
      doubleOptIn: false,
    },
    ...more,
  };
}

export function consentDocument(name: string, ...versions: ConsentVersion[]): DefinedDocument {
  return { name, enabled: true, versions };
}

export const terms = (...versions: number[]) => consentDocument('terms', ...versions.map((version) => consentVersion(version)));

export const news = consentDocument(
  'news',
  consentVersion(1, { kind: 'optional', texts: { en: 'Send me news.', de: 'Schickt mir Neues.' } }),
);

export const letters = consentDocument(
  'letters',
  consentVersion(1, { kind: 'optional', doubleOptIn: true, texts: { en: 'Send me letters.' } }),
);

export function question(key: string, more: Partial<ProfileField> = {}): ProfileField {
  return { ...fieldDefaults, key, type: 'text', label: { en: `Your ${key}?` }, ...more };
}

/** The operator adds to the first brand of the test, and the server has heard of it. */
export async function define(
  { services, issuers, changing }: Pick<RunningPortico, 'services' | 'issuers' | 'changing'>,
  defined: { consents?: DefinedDocument[]; fields?: ProfileField[] },
  slug = Object.keys(issuers)[0] as string,
): Promise<void> {
  await changing(slug, ({ issuer, name }) => applyBrand(services, { slug, issuer, name, ...defined }));
}
