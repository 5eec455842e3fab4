// Pages the library shows by itself; the web ring draws them in the brand's look.
// The web ring also takes the library's types from here, so that only this ring knows the library.

import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { Refusal } from '../errors.ts';

export interface ProviderPages {
  error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): void | Promise<void>;
  logout(ctx: KoaContextWithOIDC, form: string): void | Promise<void>;
  loggedOut(ctx: KoaContextWithOIDC): void | Promise<void>;
  device(ctx: KoaContextWithOIDC, form: string, out?: ErrorOut, error?: Error & { userCode?: string }): void | Promise<void>;
  deviceConfirm(
    ctx: KoaContextWithOIDC,
    form: string,
    client: Client,
    info: Record<string, unknown>,
    userCode: string,
  ): void | Promise<void>;
  deviceDone(ctx: KoaContextWithOIDC): void | Promise<void>;
  /** The library's self-submitting form (form_post, account switch), redrawn with a button that can be pressed. */
  formPost(ctx: KoaContextWithOIDC, html: string): Promise<string>;
  notFound(ctx: KoaContextWithOIDC): void;
  tooMany(ctx: KoaContextWithOIDC, refusal: Refusal): void;
}

export type { Client, ErrorOut, KoaContextWithOIDC, Provider } from 'oidc-provider';
