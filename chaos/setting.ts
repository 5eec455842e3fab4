// What every run is set up with: one brand, an app in people's browsers, and limits that a crowd behind one address does not meet.
import { type BrandSettings, defaultSettings, type EmailVerification } from '../src/domain/brands.ts';
import type { ApplyBrand } from '../src/flows/admin/apply-brand.ts';
import { consentDocument, consentVersion } from '../test/support/questions.ts';

export const slug = 'chaos';

/** Nothing listens there: a browser that is sent to it has come back to the app. */
export const callback = 'https://app.chaos.example/callback';
export const clientId = 'app';
export const scope = 'openid email profile consents';

const crowd = { attempts: 100_000_000, seconds: 60 };
const limits: BrandSettings['limits'] = {
  ...defaultSettings.limits,
  ...{ loginPerIdentifier: crowd, loginPerNetwork: crowd, registerPerNetwork: crowd },
  ...{ mailPerIdentifier: crowd, mailPerIdentifierDaily: crowd, mailPerNetwork: crowd },
};

export function brandOf(issuer: string, pages: EmailVerification): ApplyBrand {
  const text = (en: string) => ({ texts: { en } });
  return {
    slug,
    name: 'Chaos',
    issuer,
    algorithms: ['ES256'],
    settings: { limits, emailVerification: { pages } },
    consents: [
      consentDocument('terms', consentVersion(1, text('I agree to the [terms](https://chaos.example/terms).'))),
      consentDocument('news', consentVersion(1, { kind: 'optional', ...text('Send me news.') })),
    ],
    clients: [{ kind: 'spa', metadata: { client_id: clientId, client_name: 'App', redirect_uris: [callback] } }],
  };
}

export interface Addresses {
  issuer: string;
  /** Where this node listens. */
  port: number;
  databaseUrl: string;
  smtpUrl: string;
}

export function environment({ issuer, port, databaseUrl, smtpUrl }: Addresses): Record<string, string> {
  return {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: issuer,
    DATABASE_URL: databaseUrl,
    SMTP_URL: smtpUrl,
    PORTICO_SECRET: 'a root secret of the chaos, longer than thirty-two characters',
    PORTICO_DEMO: 'off',
    LOG_LEVEL: 'warn',
    HASH_CONCURRENCY: '1',
    // As in production: whoever is told to stop lets the balancer notice first.
    DRAIN_SECONDS: '2',
  };
}
