// An operator defines what people of every brand are asked to agree to. Brands hear of it as of a change of their own.
import { type DefinedDocument, publishConsents } from '../../consent-publishing.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brands from '../../storage/brands.ts';
import * as consentDocuments from '../../storage/consent-documents.ts';
import { traced } from '../../traced.ts';

/** @returns what is new. @throws OperatorError (consent-publishing.ts). */
export const applyInstallation = traced(async function applyInstallation(
  { db }: Pick<Services, 'db'>,
  documents: readonly DefinedDocument[],
): Promise<string[]> {
  return db.transaction(async (db) => {
    await consentDocuments.lock(db);
    const news = await publishConsents(db, consentDocuments.INSTALLATION, documents);
    if (news.length === 0) return news;
    for (const { id } of await brands.list(db)) {
      await brands.raiseVersion(db, id);
      await auditEvents.record(db, id, {
        event: 'consents_published',
        actor: 'operator',
        details: { documents: news.join(', '), by: 'installation' },
      });
    }
    return news;
  });
});
