// Development only: the mails that were sent, of all brands, where a mail program would show them. Elsewhere the address does not exist.
import Router from '@koa/router';
import { createInbox, type Inbox, type KeptMail } from '../../mail/inbox.ts';
import { type Drawing, show } from '../drawing.ts';
import { contentSecurityPolicy } from '../middleware/security-headers.ts';
import type { Context, Middleware, RequestState } from '../request.ts';

export function inboxPages(drawing: Drawing): Middleware {
  const folder = drawing.services.config.mailInbox;
  if (!folder) return (_ctx, next) => next();
  const inbox = createInbox(folder);
  const router = new Router<RequestState>();
  router.get('/dev/mail', (ctx) => list(drawing, inbox, ctx as unknown as Context));
  router.get('/dev/mail/:id', (ctx) => one(drawing, inbox, ctx as unknown as Context, ctx.params.id as string));
  router.get('/dev/mail/:id/html', (ctx) => html(inbox, ctx as unknown as Context, ctx.params.id as string));
  return router.routes() as unknown as Middleware;
}

async function list(drawing: Drawing, inbox: Inbox, ctx: Context): Promise<void> {
  const url = inboxUrl(ctx);
  const mails = (await inbox.list()).map(({ id, subject, to, brand, at, digits }) => {
    return { url: `${url}/${id}`, subject, to, brand, digits, at: { iso: at, shown: timeOf(at, ctx.state.locale) } };
  });
  show(drawing, ctx, ctx.state, 'inbox', { mails, url });
}

async function one(drawing: Drawing, inbox: Inbox, ctx: Context, id: string): Promise<void> {
  const mail = await inbox.find(id);
  if (!mail) return;
  const { subject, text, digits, link } = mail;
  const url = inboxUrl(ctx);
  const facts = factsOf(mail, ctx.state.locale);
  show(drawing, ctx, ctx.state, 'inbox-mail', { inboxUrl: url, htmlUrl: `${url}/${id}/html`, subject, text, digits, link, facts });
  ctx.set('content-security-policy', `${contentSecurityPolicy()}; frame-src 'self'`);
}

/** A document of its own, in a frame that can do nothing but lead out of itself when a link in it is pressed. */
async function html(inbox: Inbox, ctx: Context, id: string): Promise<void> {
  const mail = await inbox.find(id);
  if (!mail) return;
  ctx.type = 'text/html; charset=utf-8';
  ctx.set('content-security-policy', framed);
  ctx.set('x-frame-options', 'SAMEORIGIN');
  ctx.body = mail.html.replace('<head>', '<head>\n<base target="_top">');
}

const framed = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "form-action 'none'",
  "frame-ancestors 'self'",
  "base-uri 'self'",
  'sandbox allow-top-navigation-by-user-activation',
].join('; ');

function inboxUrl({ state }: Context): string {
  return `${state.mountPath}/dev/mail`;
}

function factsOf({ to, brand, at, headers }: KeptMail, locale: string): [key: string, value: string][] {
  return [
    ['inbox-mail.to', to],
    ['inbox-mail.from', headers.from ?? brand],
    ...(headers['reply-to'] ? [['inbox-mail.replyTo', headers['reply-to']] as [string, string]] : []),
    ['inbox-mail.at', timeOf(at, locale)],
    ['inbox-mail.id', headers['message-id'] ?? ''],
  ];
}

/** The developer's own time: the server runs on their machine. */
function timeOf(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));
}
