// Ids that say where their rows live: whatever belongs to an account carries the account's slice in its first three characters.
// Should a method vanish from the library one day, ids fall back to random slices and the adapter refuses to store them.
import type { Provider } from 'oidc-provider';
import { carrySlice, sliceOfAccount, sliceOfId } from '../domain/slices.ts';

interface WithId {
  accountId?: string | undefined;
  generateTokenId(): string;
}

interface SessionLike {
  id: string;
  uid: string;
  new?: boolean;
  accountId?: string | undefined;
  transient?: boolean | undefined;
  loginAccount(details: { accountId: string; transient?: boolean | undefined }): void;
  resetIdentifier(): void;
}

export function routeIds(provider: Provider): void {
  for (const model of [provider.Grant, provider.AuthorizationCode, provider.AccessToken, provider.RefreshToken]) {
    routeTokenIds(model.prototype as unknown as WithId);
  }
  routeSessionIds(provider.Session.prototype as unknown as SessionLike);
}

function routeTokenIds(prototype: WithId): void {
  const { generateTokenId } = prototype;
  prototype.generateTokenId = function routed(this: WithId) {
    const id = generateTokenId.call(this);
    return this.accountId ? carrySlice(id, sliceOfAccount(this.accountId)) : id;
  };
}

function routeSessionIds(prototype: SessionLike): void {
  const { loginAccount, resetIdentifier } = prototype;
  prototype.loginAccount = function routed(this: SessionLike, details) {
    loginAccount.call(this, details);
    // Ticking "keep me signed in" counts for a session that began without it; the library only ever sets this.
    if (!details.transient) this.transient = undefined;
    const slice = sliceOfAccount(details.accountId);
    // The uid stays what it is for an account that signs in again: what is bound to the session stays bound.
    if (sliceOfId(this.uid) !== slice) this.uid = carrySlice(this.uid, slice);
    // A stored session gets its new id from resetIdentifier, which remembers the row to delete; here it would be forgotten.
    if (this.new) this.id = carrySlice(this.id, slice);
  };
  prototype.resetIdentifier = function routed(this: SessionLike) {
    resetIdentifier.call(this);
    if (this.accountId) this.id = carrySlice(this.id, sliceOfAccount(this.accountId));
  };
}
