// The app somebody came from: the way back leads to its registered home, and nowhere else.
import { ACCOUNT_CLIENT } from '../../../domain/clients.ts';
import type { Context } from '../../request.ts';

export interface ClientBack {
  id: string;
  name: string;
  url: string;
}

/** @returns undefined for an app that nobody knows, that is switched off, or that has no home. */
export async function clientBack(ctx: Context, clientId: unknown): Promise<ClientBack | undefined> {
  if (typeof clientId !== 'string' || clientId === ACCOUNT_CLIENT) return undefined;
  const client = await ctx.state.provider.Client.find(clientId);
  return client?.clientUri ? { id: clientId, name: client.clientName ?? clientId, url: client.clientUri } : undefined;
}

/** As the person knows it; the id of one that is switched off or gone. */
export async function clientName(ctx: Context, clientId: string): Promise<string> {
  const client = await ctx.state.provider.Client.find(clientId);
  return client?.clientName ?? clientId;
}
