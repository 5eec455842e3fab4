// Publishing documents, of a brand or of the installation: new versions are added, old ones stay as they are.
import { canonical } from './domain/audit.ts';
import { type ConsentDocument, type ConsentVersion, contradictionWith } from './domain/consents.ts';
import { OperatorError } from './errors.ts';
import * as consentDocuments from './storage/consent-documents.ts';
import type { Db } from './storage/database.ts';

export type DefinedDocument = Omit<ConsentDocument, 'owner'>;

/**
 * The caller holds the documents (`consentDocuments.lock`). What is not named stays.
 * @returns what is new: "terms 2" for a version, "terms" for a document that was moved, switched on or off.
 * @throws OperatorError when a version that is published would be changed, or a name belongs to somebody else.
 */
export async function publishConsents(db: Db, ownerId: number, documents: readonly DefinedDocument[]): Promise<string[]> {
  await refuseTaken(db, ownerId, documents);
  const news: string[] = [];
  for (const [position, { name, enabled, versions }] of documents.entries()) {
    const stored = await consentDocuments.versionsOf(db, ownerId, name);
    const fresh = newVersions(name, stored, versions);
    if (await consentDocuments.save(db, ownerId, { name, position, enabled })) news.push(name);
    for (const version of fresh) {
      await consentDocuments.publish(db, ownerId, name, version);
      news.push(`${name} ${version.version}`);
    }
  }
  return news;
}

/** A name means one document to everybody who reads a ledger or a claim. */
async function refuseTaken(db: Db, ownerId: number, documents: readonly DefinedDocument[]): Promise<void> {
  const names = documents.map(({ name }) => name);
  if (ownerId === consentDocuments.INSTALLATION) {
    const [taken] = await consentDocuments.brandsWith(db, names);
    if (taken) throw new OperatorError(`The brand ${taken.slug} has a document "${taken.name}" of its own. Choose another name.`);
    return;
  }
  const installations = await consentDocuments.list(db, consentDocuments.INSTALLATION);
  const taken = installations.find(({ name }) => names.includes(name));
  if (taken) throw new OperatorError(`The installation has a document "${taken.name}" for all its brands. Choose another name.`);
}

function newVersions(name: string, stored: readonly ConsentVersion[], given: readonly ConsentVersion[]): ConsentVersion[] {
  const newest = stored.at(-1);
  return given.filter((version) => {
    const published = stored.find((other) => other.version === version.version);
    if (published && canonical(published) !== canonical(version))
      throw new OperatorError(
        `${name}: version ${version.version} is published, and people may have agreed to it. It stays as it is; publish a version ${(newest as ConsentVersion).version + 1}.`,
      );
    if (!published && newest && version.version < newest.version)
      throw new OperatorError(`${name}: version ${version.version} is older than version ${newest.version}, which is published.`);
    if (!published && newest && version.effectiveAt < newest.effectiveAt)
      throw new OperatorError(`${name}: version ${version.version} would take effect before version ${newest.version}.`);
    const wrong = !published && newest && version.version > newest.version && contradictionWith(newest, version);
    if (wrong) throw new OperatorError(`${name}: ${wrong.member} of version ${version.version} ${wrong.message}.`);
    return !published;
  });
}
