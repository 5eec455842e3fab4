// An interaction in the hands of a page: what every prompt's page gets and needs.

import type { PausedRequest } from '../../oidc/interactions.ts';
import type { Provider } from '../../oidc/pages.ts';
import { csrfToken } from '../csrf.ts';
import type { AskingClient, Drawing } from '../drawing.ts';
import type { Form } from '../form.ts';
import type { Context } from '../request.ts';

export interface Visit {
  drawing: Drawing;
  ctx: Context;
  interaction: PausedRequest;
  client: ProviderClient;
  asking: AskingClient;
}

export type ProviderClient = NonNullable<Awaited<ReturnType<Provider['Client']['find']>>>;

export interface PromptPage {
  show(visit: Visit): Promise<void>;
  submit(visit: Visit, form: Form): Promise<void>;
}

export function askingClient(client: ProviderClient, redirectUri: unknown): AskingClient {
  const back = typeof redirectUri === 'string' ? redirectUri : client.redirectUris?.[0];
  const parsed = back ? URL.parse(back) : null;
  const origin = parsed && /^https?:$/.test(parsed.protocol) && client.applicationType !== 'native' ? `${parsed.origin}/` : undefined;
  return { name: client.clientName ?? client.clientId, homeUrl: client.clientUri ?? origin, redirectUri: back };
}

/** Where the page's forms post, and the token that proves they are ours. */
export function formTarget({ drawing, ctx, interaction }: Visit): { action: string; csrf: string } {
  return {
    action: `${ctx.state.mountPath}/interaction/${interaction.uid}`,
    csrf: csrfToken(drawing.services.keyring, ctx.state.brand.id, interaction.uid),
  };
}

/** The same for a side way of the sign-in. */
export function stepTarget(visit: Visit, step: string): { action: string; csrf: string } {
  const { action, csrf } = formTarget(visit);
  return { action: `${action}/${step}`, csrf };
}

/** See Other without a body: a browser never repeats what was posted (RFC 9700 4.12). */
export function seeOther(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.set('location', location);
  ctx.body = '';
}
