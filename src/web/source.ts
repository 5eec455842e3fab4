// Where this request came from, as flows take it.
import type { Source } from '../domain/sources.ts';
import type { Context } from './request.ts';

export function sourceOf(ctx: Context, clientId?: string): Source {
  return { ip: ctx.state.ip, userAgent: ctx.get('user-agent') || undefined, clientId, locale: ctx.state.locale };
}
