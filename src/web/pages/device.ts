// Connecting a device without a keyboard (RFC 8628): type its code, make sure it is yours, done.

import type { RefusalCode } from '../../errors.ts';
import type { KoaContextWithOIDC, ProviderPages } from '../../oidc/pages.ts';
import { type Drawing, show } from '../drawing.ts';
import { stateOf } from '../request.ts';
import { inputsOf, openingTag } from './library-forms.ts';
import { askingClient } from './visit.ts';

export function devicePages(drawing: Drawing): Pick<ProviderPages, 'device' | 'deviceConfirm' | 'deviceDone'> {
  return {
    device: (ctx, form, _out, error) => drawEntry(drawing, ctx, form, error),
    deviceConfirm(ctx, form, client, info, userCode) {
      const device = { description: text(info.ua), address: text(info.ip) };
      const locals = { action: openingTag(form).action, xsrf: inputsOf(form).xsrf ?? '', userCode, device };
      show(drawing, ctx, stateOf(ctx.req), 'device-confirm', locals, { client: askingClient(client, undefined) });
    },
    deviceDone: (ctx) => show(drawing, ctx, stateOf(ctx.req), 'device-done', { outcome: 'connected' }, { client: clientName(ctx) }),
  };
}

function drawEntry(drawing: Drawing, ctx: KoaContextWithOIDC, form: string, error?: Error & { userCode?: string }): void {
  const state = stateOf(ctx.req);
  if (error?.name === 'AbortedError') return show(drawing, ctx, state, 'device-done', { outcome: 'stopped' });
  const typed = { user_code: error?.userCode ?? '' };
  const refusal = error && { code: reasons[error.name] ?? ('user_code_unknown' as const), field: 'user_code', params: {} };
  const locals = { action: openingTag(form).action, xsrf: inputsOf(form).xsrf ?? '', form: { values: typed, refusal } };
  show(drawing, ctx, state, 'device', locals, { status: error ? 422 : 200 });
}

/** The library's names for what may be wrong with a typed code. */
const reasons: Readonly<Record<string, RefusalCode>> = {
  NoCodeError: 'user_code_required',
  NotFoundError: 'user_code_unknown',
  ExpiredError: 'user_code_expired',
  AlreadyUsedError: 'user_code_used',
};

function clientName(ctx: KoaContextWithOIDC) {
  return ctx.oidc.client && askingClient(ctx.oidc.client, undefined);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
}
