// What an app may do and learn, in sentences. Nothing that is granted may be missing here.
import { claimsOfScope, ownClaims } from '../../domain/claims.ts';
import type { Access } from '../../oidc/grant-access.ts';
import type { Sentence } from '../page-locals.ts';

/** Claims that mean the same to a person share a sentence, in this order. */
const sentences: Readonly<Record<string, readonly string[]>> = {
  'claims.name': ['name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username'],
  'claims.picture': ['picture'],
  'claims.pages': ['website', 'profile'],
  'scopes.email': claimsOfScope.email,
  'scopes.phone': claimsOfScope.phone,
  'claims.birthdate': ['birthdate'],
  'claims.gender': ['gender'],
  'claims.language': ['locale', 'zoneinfo'],
  'scopes.address': claimsOfScope.address,
  'claims.updated': ['updated_at'],
  'scopes.consents': ownClaims.consents,
  'scopes.profile_fields': ownClaims.profile_fields,
};

const known: Readonly<Record<string, readonly string[]>> = { ...claimsOfScope, ...ownClaims };

const scopesWithSentence = new Set([...Object.keys(known), 'offline_access']);

export function accessSentences({ scopes, claims, apis }: Access): Sentence[] {
  const told = new Set<string>(scopes.flatMap(claimsOf));
  return [
    ...scopes.map((scope) => (scopesWithSentence.has(scope) ? { key: `scopes.${scope}` } : { key: 'scopes.other', params: { scope } })),
    ...claimSentences(claims.filter((claim) => !told.has(claim))),
    ...Object.entries(apis).flatMap(([indicator, names]) =>
      names.map((scope) => ({ key: 'scopes.api', params: { scope, api: nameOf(indicator) } })),
    ),
  ];
}

function claimsOf(scope: string): readonly string[] {
  return (Object.hasOwn(known, scope) && known[scope]) || [];
}

function claimSentences(claims: string[]): Sentence[] {
  const told = Object.entries(sentences).filter(([, names]) => names.some((name) => claims.includes(name)));
  const named = new Set(Object.values(sentences).flat());
  const others = claims.filter((claim) => !named.has(claim));
  return [...told.map(([key]) => ({ key })), ...others.map((claim) => ({ key: 'claims.other', params: { claim } }))];
}

/** Two APIs may share a host, so the path stands with it. */
function nameOf(indicator: string): string {
  const url = URL.parse(indicator);
  return url?.host ? url.host + url.pathname.replace(/\/$/, '') : indicator;
}
